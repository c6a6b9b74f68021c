package worker

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/fold"
	"runrate/consumers/snapshots"
	"runrate/internal/broker"
	"runrate/internal/stream"
)

// staleReads is for how many seconds a missing commit is asked for again before
// it is believed, where there are signs of one.
const staleReads = 10

// begin is the metadata of the commit with which a group begins a partition: the
// state is the empty one.
const begin = "begin"

// restore puts the fold into the state at the committed offset, which it gets
// from the snapshot that the commit points to and the recent identities in
// ClickHouse. Without a commit it begins at the start of the log, unless there
// are signs that a commit was lost.
func (w *Worker) restore(ctx context.Context) error {
	labels := snapshots.Labels{Source: w.source, Epoch: w.config.Epoch, Settings: w.config.Settings}
	commit, held, err := w.committed(ctx)
	if err != nil {
		return err
	}
	written, started, err := w.written(ctx)
	if err != nil {
		return err
	}
	w.chain = snapshots.NewChain(labels)
	if !commit.Set {
		if again, err := w.nothingBefore(ctx, labels, started); err != nil || again {
			if again {
				return w.restore(ctx)
			}
			return err
		}
		commit = broker.Commit{Set: true, Next: held.First, Metadata: begin}
		if err := w.persist(ctx, "commit the beginning", func(ctx context.Context) error {
			return w.log.Commit(ctx, w.config.Member, w.source, commit.Next, commit.Metadata)
		}); err != nil {
			return err
		}
	}
	if commit.Next < held.First || commit.Next > held.End {
		return &broker.OutOfRange{Source: w.source, Offset: commit.Next, Range: held, Known: true}
	}
	if commit.Metadata == begin {
		if held.First > 0 {
			w.logger.Warn("the log does not begin at 0; what was deleted before is in no number", zap.Int64("first_offset", int64(held.First)))
		}
		w.partition = fold.Begin(w.config.Fold, commit.Next)
		w.logger.Info("begins", zap.Int64("next_offset", int64(commit.Next)), zap.Int64("behind", int64(held.End-commit.Next)))
		return nil
	}
	pointer, err := snapshots.ParsePointer(commit.Metadata)
	if err != nil {
		return fmt.Errorf("restore %s@%d: %w", w.source, commit.Next, err)
	}
	// Rows of the committed prefix are all written, unless ClickHouse lost
	// some that it had acknowledged: then an older state is the last true one.
	atMost := min(commit.Next, written)
	var recalling *fold.Recalling
	if err := w.persist(ctx, "restore the snapshot", func(ctx context.Context) error {
		restoring := fold.Restore(w.config.Fold)
		next, chain, err := snapshots.Restore(ctx, w.log, labels, pointer, atMost, restoring.Apply)
		if err != nil {
			return err
		}
		if recalling, err = restoring.Recall(); err != nil {
			return err
		}
		w.chain = chain
		if next < commit.Next {
			w.logger.Error("ClickHouse lost rows that it had acknowledged; folding again from an older snapshot",
				zap.Int64("committed", int64(commit.Next)), zap.Int64("progress", int64(written)), zap.Int64("from", int64(next)))
			if next < held.First {
				return &broker.OutOfRange{Source: w.source, Offset: next, Range: held, Known: true}
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if err := w.sameLog(ctx, recalling.Flushed()); err != nil {
		return err
	}
	if err := w.recall(ctx, recalling); err != nil {
		return err
	}
	w.partition = recalling.Done()
	next := w.partition.Next()
	w.logger.Info("restored", zap.Int64("next_offset", int64(next)), zap.Int64("behind", int64(held.End-next)))
	return nil
}

// written is the next offset that ClickHouse's progress vouches for; started is
// whether it has any.
func (w *Worker) written(ctx context.Context) (next stream.Offset, started bool, err error) {
	err = w.persist(ctx, "read progress", func(ctx context.Context) error {
		progress, err := w.tables.Progress(ctx, w.config.Epoch, w.source.Topic)
		if err != nil {
			return err
		}
		p, ok := progress[w.source.Partition]
		next, started = p.NextOffset, ok
		return nil
	})
	return next, started, err
}

// committed is the group's commit for the partition, and what the log holds.
func (w *Worker) committed(ctx context.Context) (commit broker.Commit, held broker.Range, err error) {
	err = w.persist(ctx, "read the committed offset", func(ctx context.Context) error {
		commits, err := w.log.Committed(ctx, w.config.Member.Group, w.source.Topic)
		if err != nil {
			return err
		}
		commit = commits[w.source.Partition]
		held, err = w.log.Range(ctx, w.source)
		return err
	})
	return commit, held, err
}

// nothingBefore makes sure that a group without a committed offset is a new one:
// one whose offsets expired or were deleted has left rows or snapshots. (A
// worker commits its beginning before it writes any.) again is true if there is
// a commit after all: another worker made it meanwhile.
func (w *Worker) nothingBefore(ctx context.Context, labels snapshots.Labels, started bool) (again bool, err error) {
	sign := "ClickHouse has its progress"
	if !started {
		sign = "the snapshot log has its state"
		if err := w.persist(ctx, "look for snapshots", func(ctx context.Context) error {
			r, err := w.log.Range(ctx, stream.Source{Topic: stream.Snapshots(), Partition: w.source.Partition})
			if err != nil {
				return err
			}
			started, err = snapshots.Any(ctx, w.log, labels, r.First, r.End)
			return err
		}); err != nil {
			return false, err
		}
	}
	if !started {
		return false, nil
	}
	// After a change of coordinator, Kafka 4 may answer from before the commit.
	for range staleReads {
		commit, _, err := w.committed(ctx)
		if err != nil || commit.Set {
			return err == nil, err
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	return false, fmt.Errorf("group %s has no committed offset for %s, but %s: the group's offsets expired or were deleted; "+
		"beginning again in silence could count a shortened log as the whole (refold the topic with `runrate rebuild`)",
		w.config.Member.Group, w.source, sign)
}

// recall refills the identities of the recent hours.
func (w *Worker) recall(ctx context.Context, recalling *fold.Recalling) error {
	since, any := recalling.Since()
	if !any {
		return nil
	}
	return w.persist(ctx, "recall recent identities", func(ctx context.Context) error {
		for known, err := range w.tables.Recent(ctx, w.config.Epoch, w.source, since, recalling.Before()) {
			if err != nil {
				return err
			}
			recalling.Learn(known.Identity, known.Time)
		}
		return nil
	})
}
