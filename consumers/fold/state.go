package fold

import (
	"iter"

	"runrate/consumers/intake"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
)

// Config is what a partition is folded with. It must be the same for the whole
// log.
type Config struct {
	Source     stream.Source
	Partitions int32         // of the topic
	Memory     intake.Memory // of identities
	New        func() Blank  // the state of the topic's fold
	// Of the epoch's record, in ascending order: offsets of control records that are
	// left out, and gaps that are folded over.
	Without []stream.Offset
	Gaps    []Gap
}

// Blank is a state before its first record. It takes the parts of a snapshot, if
// there is one, and is then made ready.
type Blank interface {
	// Restore takes the next part of a snapshot.
	Restore(*snapshot.Record) error
	// Ready returns the state to go on with at the offset next: passed is the last
	// hour boundary that the clock has passed by then, 0 before the first tick. The
	// Blank is used up.
	Ready(next stream.Offset, passed calendar.Hour) State
}

// State is what a topic's fold keeps of a partition, beside the gate.
type State interface {
	// Control takes a control record that is no tick.
	Control(*intake.Judged)
	// Take books a data event that DEFINITIONS R1 to R7 let pass, or refuses it, and is then
	// as it was. An error means that the log cannot be folded on.
	Take(*intake.Judged) (*event.Refusal, error)
	// Close ends the batch. The error is a sum that has overflowed.
	Close(intake.Batch) (Closed, error)
	// Owes says whether rows that late events changed before the batch are not written.
	Owes() bool
}

// Closed is what a batch that has ended came to. Until it is done the state takes
// nothing more.
type Closed interface {
	// Changes returns the rows that the batch changed, without those of the gate.
	// They are computed as they are walked.
	Changes() rows.Changes
	// Snapshot returns the state in parts to be restored in this order: all of it, or
	// with delta only what the batch touched. The last part has the progress.
	Snapshot(delta bool, progress *snapshot.Progress) iter.Seq[*snapshot.Record]
	// Owes says whether rows that late events changed are not among Changes, nor written
	// before.
	Owes() bool
	// Done lets go of what only the batch needed.
	Done()
}
