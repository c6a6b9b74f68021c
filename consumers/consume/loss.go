package consume

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/fault"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// Loss says that records which were counted are gone from the log, and that nobody
// has accepted to fold on without them.
type Loss struct {
	Source   stream.Source
	From, To stream.Offset
	Epoch    uint32 // that counted them
}

func (e *Loss) Error() string {
	return fmt.Sprintf("%s: the log begins at %d, and the %d records from %d on, which epoch %d was folded from, are gone: a new epoch cannot count them. "+
		"Put them back or, to fold what is left by the prices and the clock that were in force there, give --accept-loss: the views losses and accounting will show what is missing",
		e.Source, e.To, e.To-e.From, e.From, e.Epoch)
}

// Fault is fault.Setup.
func (*Loss) Fault() fault.Kind { return fault.Setup }

// holes are the gaps that a new epoch begins with: what the log has lost of the
// records that the epoch shown was folded from. Those that were accepted in it stay so.
func (r rebuild) holes(ctx context.Context, shown epoch, accept bool) (holes []store.Gap, err error) {
	counted, err := r.Store.Progress(ctx, shown.Epoch, shown.Topic)
	if err != nil {
		return nil, err
	}
	logs, err := r.Client.Offsets(ctx, shown.Topic)
	if err != nil {
		return nil, err
	}
	for partition, log := range logs {
		source := stream.Source{Topic: shown.Topic, Partition: partition}
		was, ok := counted[partition]
		if !ok || log.First <= was.FirstOffset {
			continue
		}
		gap := store.Gap{Partition: partition, From: was.FirstOffset, To: log.First, Reason: r.reason}
		if old, ok := accepted(shown.Gaps, gap); ok {
			holes = append(holes, old)
			continue
		}
		if !accept {
			return nil, &Loss{source, gap.From, gap.To, shown.Epoch}
		}
		if gap.InForce, err = r.inForce(ctx, shown, source, gap.To, was.NextOffset); err != nil {
			return nil, err
		}
		holes = append(holes, gap)
	}
	if accept {
		for partition, log := range logs {
			source := stream.Source{Topic: shown.Topic, Partition: partition}
			within, err := r.within(ctx, source, log)
			if err != nil {
				return nil, err
			}
			for _, gap := range within {
				if gap.InForce, err = r.inForce(ctx, shown, source, gap.To, counted[partition].NextOffset); err != nil {
					return nil, err
				}
				holes = append(holes, gap)
			}
		}
	}
	slices.SortFunc(holes, func(a, b store.Gap) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.From, b.From))
	})
	return holes, nil
}

// mostHoles is how many holes of a partition an epoch's record takes: a log that was
// compacted for long has more holes than records, and says nothing any more.
const mostHoles = 1000

// within are the holes in a partition's log, which compaction leaves, or a broker that
// lost a segment.
func (r rebuild) within(ctx context.Context, source stream.Source, log broker.Range) (holes []store.Gap, err error) {
	for next, from := log.First, log.First; next < log.End; {
		records, _, err := r.Client.Fetch(ctx, source, next, r.Limits.Fetch, time.Second)
		var gap *broker.Gap
		switch {
		case errors.As(err, &gap):
			next = max(gap.Got, next+1) // where its end is not known, it is looked for
			continue
		case err != nil:
			return nil, err
		case len(records) == 0:
			continue
		case next > from:
			holes = append(holes, store.Gap{Partition: source.Partition, From: from, To: next, Reason: r.reason})
		}
		if len(holes) > mostHoles {
			return nil, fault.As(fault.Setup, fmt.Errorf("%s has more than %d holes up to %d: it was compacted (set cleanup.policy=delete), and what is left of it is no history; publish it anew into a new topic", source, mostHoles, next))
		}
		next = records[len(records)-1].Offset + 1
		from = next
	}
	return holes, nil
}

// accepted is the gap with the same bounds among gaps.
func accepted(gaps []store.Gap, gap store.Gap) (store.Gap, bool) {
	i := slices.IndexFunc(gaps, func(g store.Gap) bool {
		return g.Partition == gap.Partition && g.From == gap.From && g.To == gap.To
	})
	if i < 0 {
		return gap, false
	}
	return gaps[i], true
}

// inForce is what is in force of a source at an offset of the log, of which an epoch
// has folded what is below next. What it could not fold is taken from the copies in
// the other partitions, if they were written before the record at the offset was.
func (o Options) inForce(ctx context.Context, e epoch, source stream.Source, at, next stream.Offset) ([]rows.Control, error) {
	known, err := o.Store.InForce(ctx, e.Epoch, source, at)
	if err != nil || next >= at {
		return known, err
	}
	written, ok, err := o.written(ctx, source, at)
	if err != nil || !ok {
		return known, err
	}
	for _, topic := range stream.Inputs() {
		shown := e.Epoch
		if topic != source.Topic {
			if shown, err = o.Store.Epoch(ctx, topic); err != nil {
				return nil, err
			}
		}
		copies, err := o.Store.Elsewhere(ctx, shown, topic, written)
		if err != nil {
			return nil, err
		}
		for _, c := range copies {
			known = later(known, c)
		}
	}
	return known, nil
}

// later puts a control record in the place of one of its kind that is older.
func later(known []rows.Control, c rows.Control) []rows.Control {
	i := slices.IndexFunc(known, func(k rows.Control) bool { return k.Kind == c.Kind })
	switch {
	case i < 0:
		return append(known, c)
	case c.Time > known[i].Time:
		known[i] = c
	}
	return known
}

// written is the timestamp of the record at an offset; false if there is none yet.
func (o Options) written(ctx context.Context, source stream.Source, at stream.Offset) (event.Time, bool, error) {
	records, _, err := o.Client.Fetch(ctx, source, at, 1, time.Second)
	if err != nil || len(records) == 0 {
		return 0, false, err
	}
	return event.Time(records[0].Time), true, nil
}
