// Package judge says how a partition does, from samples of its log and of what its
// group has committed. It is pure: time comes with the samples.
//
// Start at Partition.Observe. How late a partition is, is judged by when the samples
// themselves first saw the record that is due, never by the times of records: neither
// back-dated records nor a clock that is wrong moves a status.
package judge

import "time"

// Bounds of the statuses, and how many samples are kept.
const (
	Kept    = 24               // samples, two minutes of one every 5 s
	Unread  = 15 * time.Second // without a good read: unknown
	Still   = 60 * time.Second // a commit that stands so long: stopped or stalled
	Late    = 10 * time.Second // behind by more, for LateFor: behind
	LateFor = 60 * time.Second
	Settle  = 30 * time.Second // into a new generation the status before is held
	Hold    = 60 * time.Second // and at most so long at a stretch
	// Doubt is for how long a commit may be gone, or above the end of the log: a leader
	// or a coordinator that is new may answer from before.
	Doubt = 15 * time.Second
)

// Owner says whether a member of the group has the partition.
type Owner uint8

// What is known of the owner.
const (
	OwnerUnknown Owner = iota
	Unowned
	Owned
)

// Sample is one reading of a partition: the commit was read first, then the end, then
// the start.
type Sample struct {
	At        time.Time
	Unread    string // why it could not be read; "" where it was, else nothing below counts
	Start     int64
	End       int64 // the last stable offset
	Committed bool  // whether the group has committed at all
	Commit    int64 // the next offset, if so
	Rows      bool  // rows of the partition are known to exist

	Owner       Owner
	Rebalancing bool
	Generation  int64 // another number for another generation of the group

	Spoke  bool   // whether the consumer's own word could be read
	Halted string // the reason why it says that it is halted, or ""
}

// waits says whether there is something to read.
func (s Sample) waits() bool {
	if !s.Committed {
		return s.End > s.Start
	}
	return s.End > s.Commit
}

// Partition judges one partition. The zero Partition has seen nothing.
type Partition struct {
	kept    []Sample // good ones, oldest first, at most Kept
	bad     Sample   // the last that could not be read
	highest int64    // commit
	seen    bool     // a commit
	halted  string   // the consumer's last word
	outside time.Time
	held    time.Time // since when the status is held
	regroup time.Time // when the generation began
	last    Verdict
}

// Observe takes the next sample and returns the verdict at its time.
func (p *Partition) Observe(s Sample) Verdict {
	if s.Unread != "" {
		p.bad = s
		return p.At(s.At)
	}
	if n := len(p.kept); n > 0 && p.kept[n-1].Generation != s.Generation {
		p.regroup = s.At
	}
	if n := len(p.kept); n > 0 && s.At.Sub(p.kept[n-1].At) > Unread {
		p.kept = nil // what happened meanwhile nobody saw: a commit that stands is counted anew
	}
	if s.Spoke {
		p.halted = s.Halted
	} else if n := len(p.kept); n > 0 && s.Commit > p.kept[n-1].Commit {
		p.halted = "" // it goes on, whatever it said last
	}
	p.kept = append(p.kept, s)
	if len(p.kept) > Kept {
		p.kept = p.kept[1:]
	}
	v := p.At(s.At)
	if s.Committed && s.Commit <= s.End {
		p.highest, p.seen = max(p.highest, s.Commit), true
	}
	return v
}

// At is the verdict at a time: that of the samples until then, unknown once the last
// that could be read is too old.
func (p *Partition) At(now time.Time) Verdict {
	v := p.judge(now)
	v.Since = now
	if v.Status == p.last.Status {
		v.Since = p.last.Since
	}
	p.last = v
	return v
}

// Since tells since when a status has been had, by who saw it before; it counts if it is
// the present one, and earlier.
func (p *Partition) Since(status Status, since time.Time) {
	if p.last.Status == status && since.Before(p.last.Since) {
		p.last.Since = since
	}
}

// judge is the first status that matches.
func (p *Partition) judge(now time.Time) Verdict {
	if len(p.kept) == 0 {
		return p.unknown(now, time.Time{})
	}
	s := p.kept[len(p.kept)-1]
	if now.Sub(s.At) > Unread {
		return p.unknown(now, s.At)
	}
	if v, lost := p.lost(now, s); lost {
		return v
	}
	if p.halted != "" {
		return s.verdict(Halted, p.halted, "its consumer halted it (%s)%s", p.halted, s.standing())
	}
	if p.holds(now, s) && p.last.Status != "" && p.last.Status != Unknown {
		return s.verdict(p.last.Status, "rebalance", "held while the group rebalances, for %s: %s", seconds(now.Sub(p.held)), p.last.Status)
	}
	return p.progress(now, s)
}

// progress judges what the group makes of the log.
func (p *Partition) progress(now time.Time, s Sample) Verdict {
	still := now.Sub(p.stillSince())
	switch {
	case still >= Still && s.Owner == Unowned:
		return s.verdict(Stopped, "no_owner", "nobody owns the partition, and nothing was committed for %s%s", seconds(still), s.standing())
	case still >= Still:
		return s.verdict(Stalled, "no_progress", "its owner lives, and nothing was committed for %s%s", seconds(still), s.standing())
	case p.seen && s.Committed && s.Commit < p.highest:
		return s.verdict(Rewound, "commit_fell", "the commit fell from %d to %d; %d records to fold again", p.highest, s.Commit, p.highest-s.Commit)
	}
	if v, behind := p.behind(now, s); behind {
		return v
	}
	if p.brief() {
		return s.verdict(Unknown, TooFew, "watched for %s only, which does not tell whether it moves%s", seconds(now.Sub(p.kept[0].At)), s.standing())
	}
	if !s.waits() && now.Sub(p.grew()) >= Still || s.End == s.Start {
		return s.verdict(Idle, "", "nothing to read%s", s.standing())
	}
	return s.verdict(OK, "", "keeps up%s", s.standing())
}

// lost judges a commit that the log does not have. One that retention overtook is lost at
// once; what may be an answer from before is doubted first, and the status kept.
func (p *Partition) lost(now time.Time, s Sample) (Verdict, bool) {
	gone := !s.Committed && (s.Rows || p.seen)
	above := s.Committed && s.Commit > s.End
	if !gone && !above {
		p.outside = time.Time{}
	} else if p.outside.IsZero() {
		p.outside = now
	}
	switch {
	case s.Committed && s.Commit < s.Start:
		return s.verdict(Lost, "below_start", "%d records from %d on are deleted and not folded: the log begins at %d", s.Start-s.Commit, s.Commit, s.Start), true
	case !gone && !above:
		return Verdict{}, false
	case now.Sub(p.outside) < Doubt && p.last.Status != "" && p.last.Status != Lost:
		return s.verdict(p.last.Status, p.last.Reason, "as before, for the commit is outside of the log since %s only", seconds(now.Sub(p.outside))), true
	case above:
		return s.verdict(Lost, "above_end", "the commit %d is %d above the end of the log, %d: it lost its tail or was made anew", s.Commit, s.Commit-s.End, s.End), true
	}
	return s.verdict(Lost, "commit_gone", "the group's commit is gone, beside what was folded: it was at least %d", p.highest), true
}

// holds says whether the status before is held: the group rebalances or did a moment ago.
func (p *Partition) holds(now time.Time, s Sample) bool {
	if !s.Rebalancing && (p.regroup.IsZero() || now.Sub(p.regroup) >= Settle) {
		p.held = time.Time{}
		return false
	}
	if p.held.IsZero() {
		p.held = now
	}
	return now.Sub(p.held) < Hold
}

// stillSince is when the commit that stands now was first seen with something to read
// behind it; now where there is nothing to read.
func (p *Partition) stillSince() time.Time {
	last := p.kept[len(p.kept)-1]
	since := last.At
	for i := len(p.kept) - 1; i >= 0; i-- {
		s := p.kept[i]
		if !s.waits() || s.Committed != last.Committed || s.Commit != last.Commit {
			break
		}
		since = s.At
	}
	return since
}

// grew is when the log was last seen to grow, or the first sample.
func (p *Partition) grew() time.Time {
	i := len(p.kept) - 1
	for i > 0 && p.kept[i-1].End == p.kept[i].End {
		i--
	}
	return p.kept[i].At
}
