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
	"slices"

	"runrate/internal/event"
	"runrate/internal/stream"
)

// record is one of the old topic.
type record struct {
	stream.Record
	out bool // the epoch leaves it out
}

// reader reads one partition of the old topic from its beginning to its end.
type reader interface {
	// next is the next record; ok is false at the end.
	next(ctx context.Context) (r record, ok bool, err error)
	// added says whether the partition was added to the topic later. Its log then does
	// not begin with what was in force.
	added() bool
}

// writer takes the records of the new topic, in order.
type writer interface {
	// data takes a record for one partition.
	data(ctx context.Context, partition int32, r stream.Record) error
	// control takes a record for every partition.
	control(ctx context.Context, r stream.Record) error
	// leftOut takes one that is folded by nobody.
	leftOut(ctx context.Context, r stream.Record) error
}

// merge reads the partitions side by side and writes one sequence. From each it takes
// records up to a control record and waits there. Once all wait, or have ended, the
// control record with the earliest time is written, to every partition of the new
// topic, and all that wait at a copy of it go on. So what came before a control
// record in its partition comes before it in the copy, and what came after, after;
// a copy that is missing somewhere, or there twice, holds nobody up.
//
// A partition that was added later may begin with data records: those wait until all
// control records that are older than they are have been written.
//
// Transaction markers and aborted records are not copied. A record that the epoch leaves
// out is, for it may be wanted again, but it says nothing and so waits for nobody.
func merge(ctx context.Context, from []reader, place func(partition int32, r stream.Record) int32, to writer) error {
	m := merger{from: from, place: place, to: to, waits: make([]*waiting, len(from)), began: make([]bool, len(from))}
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
		if first.data {
			if err := m.pass(ctx, first); err != nil {
				return err
			}
			continue
		}
		if err := to.control(ctx, first.record); err != nil {
			return err
		}
		for p, w := range m.waits {
			if w != nil && !w.data && w.compare(first) == 0 {
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
	began   []bool     // whether a partition has had a control record
	decoder event.Decoder
}

// waiting is a control record at which a partition waits, or a data record that waits
// itself.
type waiting struct {
	record    stream.Record
	partition int32
	data      bool
	time      event.Time // of the control record's event; of the data record itself
	kind      event.Type
}

// compare orders control records by their time; copies of one are equal.
func (w *waiting) compare(o *waiting) int {
	return cmp.Or(cmp.Compare(w.time, o.time), cmp.Compare(w.kind, o.kind), bytes.Compare(w.record.Value, o.record.Value),
		slices.CompareFunc(w.record.Headers, o.record.Headers, func(a, b event.Header) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), bytes.Compare(a.Value, b.Value))
		}))
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

// pass writes a data record that waited, and goes on.
func (m *merger) pass(ctx context.Context, w *waiting) error {
	if err := m.to.data(ctx, m.place(w.partition, w.record), w.record); err != nil {
		return err
	}
	return m.advance(ctx, w.partition)
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
		if r.out {
			if err := m.to.leftOut(ctx, r.Record); err != nil {
				return err
			}
			continue
		}
		if e, refusal := m.decoder.DecodeRecord(r.Headers, r.Value); refusal == nil && e.Type.Control() {
			m.waits[partition] = &waiting{record: r.Record, partition: partition, time: e.Time, kind: e.Type}
			m.began[partition] = true
			return nil
		}
		if m.from[partition].added() && !m.began[partition] {
			m.waits[partition] = &waiting{record: r.Record, partition: partition, data: true, time: event.Time(r.Time), kind: event.UsageRecorded}
			return nil
		}
		if err := m.to.data(ctx, m.place(partition, r.Record), r.Record); err != nil {
			return err
		}
	}
}

// placing puts a record where its key belongs, as the default partitioner of Kafka
// does. One that was not where it belongs, by any number of partitions that the old
// topic had, and so was refused, is again somewhere else, where there is such a place;
// one without a key has no place.
func placing(was []int32, is int32) func(partition int32, r stream.Record) int32 {
	return func(partition int32, r stream.Record) int32 {
		if r.Key == nil {
			return partition % is
		}
		home := stream.Partition(r.Key, is)
		for _, n := range was {
			if stream.Partition(r.Key, n) == partition {
				return home
			}
		}
		return (home + 1) % is
	}
}
