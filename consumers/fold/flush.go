package fold

import (
	"fmt"
	"iter"
	"slices"

	"runrate/internal/rows"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
)

// Flush is a batch that has ended, to be made lasting: its rows written, then
// the state appended to the snapshots, then the next offset committed. Each may
// be asked for again, until the flush is done.
type Flush struct {
	partition *Partition
	closed    Closed
}

// Flush ends the batch. The partition takes nothing more until the flush is done.
// The error is a sum that has overflowed: the partition must stop.
func (p *Partition) Flush() (*Flush, error) { return p.end(false) }

// FlushOwing is Flush, but what late events change of closed windows may stay owed: it
// is in the state, and a later flush writes it.
func (p *Partition) FlushOwing() (*Flush, error) { return p.end(true) }

// Owes says whether something is owed as of the last flush.
func (p *Partition) Owes() bool { return p.state.Owes() }

func (p *Partition) end(owes bool) (*Flush, error) {
	p.mustBeOpen()
	batch := p.gate.Batch()
	batch.Owes = owes
	closed, err := p.state.Close(batch)
	if err != nil {
		return nil, fmt.Errorf("fold %s, flush before offset %d: %w", p.source, p.Next(), err)
	}
	p.flush = &Flush{partition: p, closed: closed}
	return p.flush, nil
}

// Next returns the offset after the batch.
func (f *Flush) Next() stream.Offset { return f.current().Next() }

// Owes says whether something is owed after the flush.
func (f *Flush) Owes() bool {
	f.current()
	return f.closed.Owes()
}

// Changes returns the rows that the batch changed. They are computed as they are
// walked.
func (f *Flush) Changes() rows.Changes {
	p := f.current()
	changes := f.closed.Changes()
	changes.Source = p.source
	changes.Controls = p.gate.Controls(changes.Controls)
	changes.DeadLetters = slices.Values(p.gate.DeadLetters())
	changes.Progress = p.gate.Progress()
	return changes
}

// Snapshot returns the state in parts to be restored in this order: all of it, or
// with delta only what the batch touched. Each is marked with the last record.
func (f *Flush) Snapshot(delta bool) iter.Seq[*snapshot.Record] {
	p := f.current()
	parts := f.closed.Snapshot(delta, p.gate.Encode())
	return func(yield func(*snapshot.Record) bool) {
		for r := range parts {
			r.LastRecord = p.last.fingerprint()
			if !yield(r) {
				return
			}
		}
	}
}

// Done lets the partition go on with the next batch: this one is written and
// committed.
func (f *Flush) Done() {
	p := f.current()
	f.closed.Done()
	p.gate.Done()
	p.flush = nil
}

// current returns the partition, whose flush this must still be.
func (f *Flush) current() *Partition {
	if f.partition.flush != f {
		panic("fold: a flush that is done already")
	}
	return f.partition
}
