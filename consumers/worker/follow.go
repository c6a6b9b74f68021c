package worker

import (
	"context"
	"errors"

	"runrate/consumers/fold"
	"runrate/internal/broker"
	"runrate/internal/stream"
)

// follower reads a partition onwards, without a gap, and holds every fetch to the
// one before: its records count only if the last record of that is still in the
// log when they are there. So no batch ever mixes two logs.
type follower struct {
	worker *Worker
	next   stream.Offset
	last   fold.Mark // the record before next, the zero Mark if none is known
	behind bool      // the log had more when it was last asked
}

// fetch returns the next records, none if there are none for pollWait. It steps over
// a hole in the log that the epoch goes on over.
func (f *follower) fetch(ctx context.Context) ([]stream.Record, error) {
	records, err := f.onwards(ctx)
	var hole *broker.Gap
	if !errors.As(err, &hole) {
		return records, err
	}
	for _, gap := range f.worker.config.Fold.Gaps {
		if gap.From == f.next {
			f.next, f.last = gap.To, fold.Mark{}
			return nil, nil
		}
	}
	return nil, err
}

// onwards is fetch up to the next hole.
func (f *follower) onwards(ctx context.Context) ([]stream.Record, error) {
	if f.behind {
		if records, err := f.overlap(ctx); err != nil || len(records) > 0 {
			return records, err
		}
	}
	records, end, err := f.from(ctx, f.next)
	if err != nil || len(records) == 0 {
		return nil, err
	}
	// After the fetch: what is the same now was so then.
	if err := f.worker.lookAgain(ctx, f.last); err != nil {
		return nil, err
	}
	return f.take(records, end)
}

// overlap fetches from the last record on, which spares looking at it apart. It
// returns nothing where that brings nothing new.
func (f *follower) overlap(ctx context.Context) ([]stream.Record, error) {
	at, known := f.last.Offset()
	if !known {
		return nil, nil
	}
	records, end, err := f.from(ctx, at)
	var outside *broker.OutOfRange
	if errors.As(err, &outside) && outside.Known && at < outside.Range.First {
		return nil, nil // retention has deleted it
	}
	if err != nil || len(records) == 0 {
		return nil, err
	}
	if !f.last.Is(records[0]) {
		return nil, &AnotherLog{f.worker.source, at}
	}
	return f.take(records[1:], end)
}

// from fetches from an offset on. A log that ends before it has lost its tail.
func (f *follower) from(ctx context.Context, at stream.Offset) ([]stream.Record, stream.Offset, error) {
	records, end, err := f.worker.log.Fetch(ctx, f.worker.source, at, f.worker.config.Limits.Fetch, pollWait)
	var outside *broker.OutOfRange
	if errors.As(err, &outside) && outside.Known && at > outside.Range.End {
		return nil, 0, &AnotherLog{f.worker.source, at - 1}
	}
	return records, end, err
}

// take moves on past records.
func (f *follower) take(records []stream.Record, end stream.Offset) ([]stream.Record, error) {
	if len(records) == 0 {
		return nil, nil
	}
	if got := records[0].Offset; got != f.next {
		return nil, &broker.Gap{Source: f.worker.source, Want: f.next, Got: got}
	}
	last := records[len(records)-1]
	f.next, f.last, f.behind = last.Offset+1, fold.MarkOf(last), end > last.Offset+1
	return records, nil
}
