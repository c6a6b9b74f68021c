package judge

import (
	"fmt"
	"slices"
	"time"
)

// Status is how a partition does, in a word.
type Status string

// The statuses, in the order in which they are looked for.
const (
	Unknown Status = "unknown" // it could not be read for Unread, or TooFew samples tell
	Lost    Status = "lost"    // the commit is not in the log, or gone
	Halted  Status = "halted"  // its consumer says so
	Stopped Status = "stopped" // the commit stands, and nobody owns the partition
	Stalled Status = "stalled" // the commit stands, and its owner is alive
	Rewound Status = "rewound" // the commit fell and has not regained its maximum
	Behind  Status = "behind"  // late for a minute
	Idle    Status = "idle"    // nothing to read
	OK      Status = "ok"
)

// severity is the order from good to bad that --fail-on goes by.
var severity = []Status{Idle, OK, Behind, Rewound, Stalled, Stopped, Halted, Lost, Unknown}

// Severities are all statuses from good to bad.
func Severities() []Status { return slices.Clone(severity) }

// AtLeast says whether a status is as bad as another, or worse. One that is none of
// Severities is worse than all.
func (s Status) AtLeast(o Status) bool {
	i := slices.Index(severity, s)
	return i < 0 || i >= slices.Index(severity, o)
}

// Pages says whether somebody is woken for it.
func (s Status) Pages() bool {
	return s == Unknown || s == Lost || s == Halted || s == Stopped || s == Stalled
}

// Verdict is what is said of a partition at a time.
type Verdict struct {
	Status   Status
	Since    time.Time
	Reason   string // in a word, "" of ok and idle
	Sentence string // the same in numbers

	Lag        int64 // records from the commit to the end; below 0 is trouble, and is shown
	LagKnown   bool
	CatchUp    time.Duration // of behind, where it gains
	NotGaining bool          // of behind: it will never catch up at this rate
}

// verdict makes one of a sample.
func (s Sample) verdict(status Status, reason, format string, args ...any) Verdict {
	return Verdict{Status: status, Reason: reason, Sentence: fmt.Sprintf(format, args...), Lag: s.End - s.Commit, LagKnown: s.Committed}.trimmed()
}

// trimmed has no lag where that is unknown.
func (v Verdict) trimmed() Verdict {
	if !v.LagKnown {
		v.Lag = 0
	}
	return v
}

// standing is where commit and log stand, for the end of a sentence.
func (s Sample) standing() string {
	if !s.Committed {
		return fmt.Sprintf("; nothing is committed, the log holds %d to %d", s.Start, s.End)
	}
	return fmt.Sprintf("; committed %d of %d, %d to go", s.Commit, s.End, s.End-s.Commit)
}

// unknown is the verdict where nothing could be read since a time, if ever.
func (p *Partition) unknown(now, since time.Time) Verdict {
	v := Verdict{Status: Unknown, Reason: "no_read", Sentence: "it was never read"}
	if !since.IsZero() {
		v.Sentence = fmt.Sprintf("nothing could be read for %s", seconds(now.Sub(since)))
	}
	if p.bad.Unread != "" && p.bad.At.After(since) {
		v.Sentence += ": " + p.bad.Unread
	}
	return v
}

func seconds(d time.Duration) string { return d.Round(time.Second).String() }
