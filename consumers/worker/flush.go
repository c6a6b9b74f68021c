package worker

import (
	"context"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/fold"
)

// lastFlush bounds for how long a worker flushes when it has to go.
const lastFlush = 10 * time.Second

// flush makes the batch lasting: rows, then the snapshot, the whole state with base,
// then the commit that points to it. Each step is repeated until it succeeds, or cannot; none is
// begun before the one above it is done.
func (w *Worker) flush(ctx context.Context, base bool) error {
	if err := w.sameLog(ctx, w.partition.Last()); err != nil {
		return err
	}
	if w.config.Guard != nil {
		if err := w.persist(ctx, "look at the topic", w.config.Guard); err != nil {
			return err
		}
	}
	flush, err := w.end()
	if err != nil {
		return err
	}
	if err := w.owe(ctx, flush); err != nil {
		return err
	}
	if err := w.write(ctx, flush); err != nil {
		return err
	}
	written := time.Now()
	if err := w.snapshot(ctx, flush, base); err != nil {
		return err
	}
	if err := w.commit(ctx, flush); err != nil {
		return err
	}
	w.logger.Debug("flushed", zap.Int("records", w.batch.records), zap.Int64("next_offset", int64(flush.Next())), zap.Bool("base", base))
	w.meterFlushed(flush.Changes(), written)
	if base {
		w.config.Meter.State(w.chain.BaseBytes())
	}
	w.watchClock(flush.Changes().Progress, time.Now())
	w.paid(flush)
	flush.Done()
	if base && w.config.Room != nil {
		w.config.Room.See(ctx, w.chain.BaseBytes())
	}
	w.batch.records, w.batch.bytes, w.flushed = 0, 0, time.Now()
	return nil
}

// write inserts the rows that the batch changed.
func (w *Worker) write(ctx context.Context, flush *fold.Flush) error {
	return w.persist(ctx, "write rows", func(ctx context.Context) error {
		return w.tables.Write(ctx, w.config.Epoch, flush.Changes())
	})
}

// snapshot appends the state to its chain, the whole of it as a new base or else
// what the batch changed.
func (w *Worker) snapshot(ctx context.Context, flush *fold.Flush, base bool) error {
	return w.persist(ctx, "append snapshot", func(ctx context.Context) error {
		if err := w.chain.Append(ctx, w.log, flush.Next(), base, time.Now(), flush.Snapshot(!base)); err != nil {
			return err
		}
		w.chain.Owe(flush.Owes())
		return nil
	})
}

// commit commits the next offset with the pointer to the snapshot at it.
func (w *Worker) commit(ctx context.Context, flush *fold.Flush) error {
	pointer, _ := w.chain.Pointer()
	return w.persist(ctx, "commit", func(ctx context.Context) error {
		return w.log.Commit(ctx, w.config.Member, w.source, flush.Next(), pointer.String())
	})
}

// finish flushes what is folded, and pays what is owed, when the worker has to go: its
// commit is still taken while the group prepares to rebalance.
func (w *Worker) finish(ctx context.Context) error {
	w.leaves = true
	if w.batch.records > 0 || !w.owed.IsZero() {
		if err := w.flush(ctx, w.chain.WantsBase(time.Now())); err != nil {
			w.logger.Warn("last flush failed; the records will be folded again", zap.Error(err))
			return nil
		}
	}
	w.settled = true
	return nil
}

// outlive is a context that ends so long after ctx has, or when it is over.
func outlive(ctx context.Context, by time.Duration) (lasting context.Context, over func()) {
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(by):
			cancel()
		case <-lasting.Done():
		}
	})
	return lasting, func() { stop(); cancel() }
}
