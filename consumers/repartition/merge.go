// Package repartition copies a topic into one with another number of partitions, so
// that it folds into the same numbers.
//
// Start at Copy. The order of the copy is merge's, which is pure: no control record
// passes a data record that came before it in its own partition, and the records of
// an account stay in their order.
package repartition

import (
	"bytes"
	"cmp"
	"context"

	"runrate/internal/event"
	"runrate/internal/stream"
)

// reader reads one partition of the old topic from its beginning to its end.
type reader interface {
	// next is the next record; ok is false at the end.
	next(ctx context.Context) (r stream.Record, ok bool, err error)
}

// writer takes the records of the new topic, in order.
type writer interface {
	// data takes a record for one partition.
	data(ctx context.Context, partition int32, r stream.Record) error
	// control takes a record for every partition.
	control(ctx context.Context, r stream.Record) error
}

// merge reads the partitions side by side and writes one sequence. From each it takes
// records up to a control record and waits there. Once all wait, or have ended, the
// control record with the earliest time is written, to every partition of the new
// topic, and all that wait at a copy of it go on. So what came before a control
// record in its partition comes before it in the copy, and what came after, after;
// a copy that is missing somewhere, or there twice, holds nobody up.
//
// Transaction markers and aborted records are left out.
func merge(ctx context.Context, from []reader, place func(partition int32, r stream.Record) int32, to writer) error {
	m := merger{from: from, place: place, to: to, waits: make([]*waiting, len(from))}
	for p := range from {
		if err := m.advance(ctx, int32(p)); err != nil {
			return err
		}
	}
	for {
		first := m.first()
		if first == nil {
			return nil
		}
		if err := to.control(ctx, first.record); err != nil {
			return err
		}
		for p, w := range m.waits {
			if w != nil && w.compare(first) == 0 {
				if err := m.advance(ctx, int32(p)); err != nil {
					return err
				}
			}
		}
	}
}

type merger struct {
	from    []reader
	place   func(partition int32, r stream.Record) int32
	to      writer
	waits   []*waiting // by partition, nil for one that has ended
	decoder event.Decoder
}

// waiting is a control record at which a partition waits.
type waiting struct {
	record stream.Record
	event  event.Event
}

// compare orders control records by their time; copies of one are equal.
func (w *waiting) compare(o *waiting) int {
	return cmp.Or(cmp.Compare(w.event.Time, o.event.Time), cmp.Compare(w.event.Type, o.event.Type), bytes.Compare(w.record.Value, o.record.Value))
}

// first is the one with the earliest time, nil if no partition waits.
func (m *merger) first() (first *waiting) {
	for _, w := range m.waits {
		if w != nil && (first == nil || w.compare(first) < 0) {
			first = w
		}
	}
	return first
}

// advance writes a partition's data records up to its next control record, or its end.
func (m *merger) advance(ctx context.Context, partition int32) error {
	m.waits[partition] = nil
	for {
		r, ok, err := m.from[partition].next(ctx)
		if err != nil || !ok {
			return err
		}
		if r.Skipped {
			continue
		}
		if e, refusal := m.decoder.Decode(r.Value); refusal == nil && e.Type.Control() {
			m.waits[partition] = &waiting{r, e}
			return nil
		}
		if err := m.to.data(ctx, m.place(partition, r), r); err != nil {
			return err
		}
	}
}

// placing puts a record where its key belongs, as the default partitioner of Kafka
// does. One that was not where it belongs, and so was refused, is again somewhere
// else, where there is such a place; one without a key has no place.
func placing(was, is int32) func(partition int32, r stream.Record) int32 {
	return func(partition int32, r stream.Record) int32 {
		if r.Key == nil {
			return partition % is
		}
		home := stream.Partition(r.Key, is)
		if stream.Partition(r.Key, was) != partition {
			return (home + 1) % is
		}
		return home
	}
}
