package worker

import (
	"fmt"

	"runrate/consumers/snapshots"
	"runrate/internal/broker"
	"runrate/internal/stream"
)

// begin is the metadata of the commit with which a group begins a partition: the
// state is the empty one.
const begin = "begin"

// facts are what a worker finds before it folds.
type facts struct {
	commit broker.Commit // the group's
	held   broker.Range  // by the log
	// written is the next offset that ClickHouse's progress vouches for; started is
	// whether it has any.
	written stream.Offset
	started bool
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

// plan is how a worker begins: with the empty state, or with one from a snapshot.
type plan struct {
	empty  bool
	commit bool          // the empty state's offset is to be committed first
	at     stream.Offset // of the empty state, or the newest state that is true
	from   snapshots.Pointer
}

// decide tells from the facts how to begin, or why the partition must stop.
func decide(group string, source stream.Source, f facts) (plan, error) {
	if !f.commit.Set {
		if sign := f.sign(); sign != "" {
			return plan{}, fmt.Errorf("group %s has no committed offset for %s, but %s: the group's offsets expired or were deleted; "+
				"beginning again in silence could count a shortened log as the whole (refold the topic with `runrate rebuild`)", group, source, sign)
		}
		return plan{empty: true, commit: true, at: f.held.First}, nil
	}
	if err := f.holds(source, f.commit.Next); err != nil {
		return plan{}, err
	}
	if f.commit.Metadata == begin {
		return plan{empty: true, at: f.commit.Next}, nil
	}
	pointer, err := snapshots.ParsePointer(f.commit.Metadata)
	if err != nil {
		return plan{}, fmt.Errorf("restore %s@%d: %w", source, f.commit.Next, err)
	}
	// Rows of the committed prefix are all written, unless ClickHouse lost some that
	// it had acknowledged: then an older state is the last true one.
	return plan{at: min(f.commit.Next, f.written), from: pointer}, nil
}

// holds makes sure that the log goes on at an offset.
func (f facts) holds(source stream.Source, next stream.Offset) error {
	if next < f.held.First || next > f.held.End {
		return &broker.OutOfRange{Source: source, Offset: next, Range: f.held, Known: true}
	}
	return nil
}
