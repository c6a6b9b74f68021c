package worker

import (
	"errors"
	"fmt"

	"runrate/consumers/fold"
	"runrate/consumers/intake"
	"runrate/consumers/snapshots"
	"runrate/internal/broker"
	"runrate/internal/money"
	"runrate/internal/stream"
)

// Reason is why a partition is halted, in a word.
type Reason string

// The reasons. Each has its way out: ARCHITECTURE.md, what halts a partition.
const (
	LogGap            Reason = "log_gap"            // records that are due are gone
	ForeignLog        Reason = "foreign_log"        // the log is not the one that was folded
	CommitLost        Reason = "commit_lost"        // the group's offset is gone, or not its own
	SnapshotLost      Reason = "snapshot_lost"      // the state at the commit is gone
	PartitionsChanged Reason = "partitions_changed" // the topic has other partitions than it was folded with
	SettingsChanged   Reason = "settings_changed"   // its settings are others
	Placement         Reason = "placement"          // its rows are on shards that are not there
	RulesChanged      Reason = "rules_changed"      // another program folded it, by other rules
	Overflow          Reason = "overflow"           // a sum is beyond all bounds
	Corrupt           Reason = "corrupt"            // what is stored fails its checksum or does not decode
	Store             Reason = "store"              // ClickHouse or Kafka refuses what is asked
)

// Halted says that a partition must not be folded on, and why, until somebody has
// done what Err tells.
type Halted struct {
	Reason Reason
	Source stream.Source
	Err    error
}

// Error is "source is halted (reason): cause and way out".
func (e *Halted) Error() string {
	return fmt.Sprintf("%s is halted (%s): %v", e.Source, e.Reason, e.Err)
}

// Unwrap is the cause.
func (e *Halted) Unwrap() error { return e.Err }

// halt is the error that a partition is halted by: err, with its reason.
func halt(source stream.Source, err error) *Halted {
	if h, ok := errors.AsType[*Halted](err); ok {
		return h
	}
	return &Halted{reasonOf(err), source, err}
}

// reasonOf tells the reason by the error. That a snapshot is lost has a cause, which
// may be a gap in its own log; what none of the others explains is a store that refuses.
func reasonOf(err error) Reason {
	if is[*snapshots.Missing](err) {
		return SnapshotLost
	}
	if outside, ok := errors.AsType[*broker.OutOfRange](err); ok && (!outside.Known || outside.Offset < outside.Range.First) {
		return LogGap
	}
	switch {
	case is[*broker.Gap](err), is[*intake.Gap](err):
		return LogGap
	case is[*AnotherLog](err), is[*broker.OutOfRange](err), is[*broker.NoTopic](err), is[*Gone](err):
		return ForeignLog
	case is[*fold.NotControl](err):
		return SettingsChanged
	case is[*LostCommit](err):
		return CommitLost
	case errors.Is(err, money.ErrOverflow):
		return Overflow
	case is[*broker.Corrupt](err):
		return Corrupt
	}
	return Store
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
