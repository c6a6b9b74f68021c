package worker

import (
	"context"
	"time"

	"runrate/consumers/fold"
	"runrate/internal/stream"
)

// fetch is what one fetch brought.
type fetch struct {
	records []stream.Record
	err     error
}

// pollWait is how long a fetch waits at the end of the log.
const pollWait = 500 * time.Millisecond

// read fetches ahead of the fold, from where the partition is on, without a gap.
// last is the record before, the zero Mark if none is known.
func (w *Worker) read(ctx context.Context, next stream.Offset, last fold.Mark, out chan<- fetch) {
	log := follower{worker: w, next: next, last: last, behind: true}
	for {
		var f fetch
		f.err = w.persist(ctx, "fetch", func(ctx context.Context) (err error) {
			f.records, err = log.fetch(ctx)
			return err
		})
		if ctx.Err() != nil {
			return
		}
		if len(f.records) == 0 && f.err == nil {
			continue
		}
		select {
		case out <- f:
		case <-ctx.Done():
			return
		}
		if f.err != nil {
			return
		}
	}
}
