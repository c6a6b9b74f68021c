package fold

import (
	"errors"
	"fmt"

	"runrate/internal/event"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
)

// Restoring is a partition that is put together again from its snapshot.
type Restoring struct {
	partition *Partition
	blank     Blank
	digest    string // of the last record, as of the last part
	whole     bool   // a part had the progress
}

// Restore returns a partition to put together from the parts of its snapshot.
func Restore(c Config) *Restoring {
	return &Restoring{partition: c.partition(), blank: c.New()}
}

// Apply takes the next part.
func (r *Restoring) Apply(part *snapshot.Record) error {
	if err := r.blank.Restore(part); err != nil {
		return fmt.Errorf("restore %s: %w", r.partition.source, err)
	}
	if p := progressOf(part); p != nil {
		r.partition.gate.Restore(p)
		r.whole = true
	}
	r.digest = string(part.LastRecord)
	return nil
}

func progressOf(part *snapshot.Record) *snapshot.Progress {
	if s := part.GetSubscriptions(); s != nil {
		return s.Progress
	}
	return part.GetUsage().GetProgress()
}

// Recall ends the parts. What is missing now are the identities of the recent
// hours, which ClickHouse has. The Restoring is used up.
func (r *Restoring) Recall() (*Recalling, error) {
	p := r.partition
	if !r.whole {
		return nil, fmt.Errorf("restore %s: %w", p.source, errors.New("no part of the snapshot has the progress"))
	}
	p.state = r.blank.Ready(p.Next(), p.gate.Passed())
	if r.digest != "" {
		p.last = Mark{p.Next() - 1, r.digest}
	}
	r.partition, r.blank = nil, nil
	return &Recalling{p}, nil
}

// Recalling is a partition that is to be told the identities of the recent
// hours.
type Recalling struct{ partition *Partition }

// Since returns the earliest event time whose identities are missing; any is
// false if none are.
func (r *Recalling) Since() (since event.Time, any bool) { return r.partition.gate.RecallSince() }

// Before returns the offset below which the events were accepted.
func (r *Recalling) Before() stream.Offset { return r.partition.gate.Flushed() }

// Last is Partition.Last.
func (r *Recalling) Last() Mark { return r.partition.last }

// Learn takes the identity of an event accepted below Before, at Since or later.
func (r *Recalling) Learn(identity [16]byte, t event.Time) { r.partition.gate.Recall(identity, t) }

// Done returns the partition to go on with. The Recalling is used up.
func (r *Recalling) Done() *Partition {
	p := r.partition
	r.partition = nil
	return p
}
