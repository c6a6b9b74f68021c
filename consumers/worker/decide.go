package worker

import (
	"fmt"

	"runrate/consumers/fold"
	"runrate/consumers/snapshots"
	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/stream"
)

// begin is the metadata of the commit with which a group begins a partition: the
// state is the empty one.
const begin = "begin"

// facts are what a worker finds before it folds.
type facts struct {
	epoch    uint32        // to fold under
	handOver broker.Commit // of the switch to it, if there was one
	commit   broker.Commit // the group's
	held     broker.Range  // by the log
	gaps     []fold.Gap    // that the epoch goes on over, in ascending order
	// written is the next offset that ClickHouse's progress vouches for, or the one up to
	// which all tables hold what it vouches for; started is whether it has any.
	written stream.Offset
	started bool
	// claimed is the next offset that the progress itself names, if there is any.
	claimed stream.Offset
	// snapshots is whether the snapshot log has a state of the partition. It is only
	// looked for where there is neither a commit nor progress.
	snapshots bool
}

// sign names what is left of a life before, "" if there is nothing. A worker
// commits its beginning before it leaves anything: where there is a sign and no
// commit, that was lost.
func (f facts) sign() string {
	switch {
	case f.started:
		return "ClickHouse has its progress"
	case f.snapshots:
		return "the snapshot log has its state"
	}
	return ""
}

// ahead says whether ClickHouse has rows of records that the log has not: Kafka was brought
// back from an older copy than ClickHouse, or has lost the end of the log. Other records will
// come under their offsets, and the rows of those that are gone would stay.
func (f facts) ahead() bool { return f.started && f.claimed > f.held.End }

// plan is how a worker begins: with the empty state, or with one from a snapshot.
type plan struct {
	empty  bool
	commit broker.Commit // to be made first, if it is set
	at     stream.Offset // of the empty state, or the newest state that is true
	from   snapshots.Pointer
}

// decide tells from the facts how to begin, or why the partition must stop.
func decide(group string, source stream.Source, f facts) (plan, error) {
	commit, take, err := f.standing(source)
	if err != nil {
		return plan{}, err
	}
	if !commit.Set {
		if sign := f.sign(); sign != "" {
			return plan{}, &LostCommit{fmt.Errorf("group %s has no committed offset for %s, but %s: the group's offsets expired or were deleted; "+
				"beginning again in silence could count a shortened log as the whole (refold it with `runrate rebuild %s`)", group, source, sign, source.Topic.Kind())}
		}
		commit, take = broker.Commit{Set: true, Next: f.first(), Metadata: begin}, true
	}
	if err := f.holds(source, commit.Next); err != nil {
		return plan{}, err
	}
	if f.ahead() {
		return plan{}, &broker.OutOfRange{Source: source, Offset: f.claimed, Range: f.held, Known: true}
	}
	p := plan{empty: commit.Metadata == begin, at: commit.Next}
	if take {
		p.commit = commit
	}
	if p.empty {
		return p, nil
	}
	if p.from, err = snapshots.ParsePointer(commit.Metadata); err != nil {
		return plan{}, &LostCommit{fmt.Errorf("restore %s@%d: %w", source, commit.Next, err)}
	}
	// Rows of the committed prefix are all written, unless ClickHouse lost some that
	// it had acknowledged: then an older state is the last true one.
	p.at = min(commit.Next, f.written)
	return p, nil
}

// standing is the commit to go on from: the group's own or, where that is of an
// epoch before, the one that the switch to this epoch handed over (take), from
// which folding again is always true.
func (f facts) standing(source stream.Source) (commit broker.Commit, take bool, err error) {
	if !f.commit.Set || f.commit.Metadata == begin { // which does not tell its epoch
		if f.handOver.Set && f.handOver != f.commit {
			return f.handOver, true, nil
		}
		return f.commit, false, nil
	}
	pointer, err := snapshots.ParsePointer(f.commit.Metadata)
	switch {
	case err != nil:
		return f.commit, false, &LostCommit{fmt.Errorf("restore %s@%d: %w", source, f.commit.Next, err)}
	case pointer.Epoch > f.epoch:
		return f.commit, false, &Superseded{source, f.epoch, pointer.Epoch}
	case pointer.Epoch == f.epoch:
		return f.commit, false, nil
	case !f.handOver.Set:
		return f.commit, false, &LostCommit{fmt.Errorf("restore %s@%d: the commit is of epoch %d, and the switch to epoch %d handed nothing over (refold it with `runrate rebuild %s`)",
			source, f.commit.Next, pointer.Epoch, f.epoch, source.Topic.Kind())}
	}
	return f.handOver, true, nil
}

// LostCommit says that the group's commit is not there, or is none to go on from.
type LostCommit struct{ err error }

// Error is the cause and the way out.
func (e *LostCommit) Error() string { return e.err.Error() }

// Unwrap is the cause.
func (e *LostCommit) Unwrap() error { return e.err }

// Superseded says that the partition's consumers fold a later epoch by now: this
// one has yet to learn of the switch.
type Superseded struct {
	Source     stream.Source
	Epoch, Now uint32
}

func (e *Superseded) Error() string {
	return fmt.Sprintf("%s is folded under epoch %d by now, and this is epoch %d", e.Source, e.Now, e.Epoch)
}

// Fault is fault.Fenced.
func (*Superseded) Fault() fault.Kind { return fault.Fenced }

// first is where a partition begins: with the first record of the log, or with the
// gap before it.
func (f facts) first() stream.Offset {
	if len(f.gaps) > 0 && f.gaps[0].From < f.held.First {
		return f.gaps[0].From
	}
	return f.held.First
}

// over is the offset of the record to fold next, after the gaps that begin there.
func (f facts) over(next stream.Offset) stream.Offset {
	for _, gap := range f.gaps {
		if gap.From == next {
			next = gap.To
		}
	}
	return next
}

// holds makes sure that the log goes on at an offset, or after the gap there.
func (f facts) holds(source stream.Source, next stream.Offset) error {
	if on := f.over(next); on < f.held.First || on > f.held.End {
		return &broker.OutOfRange{Source: source, Offset: next, Range: f.held, Known: true}
	}
	return nil
}
