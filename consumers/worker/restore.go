package worker

import (
	"context"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/fold"
	"runrate/consumers/snapshots"
	"runrate/internal/retry"
	"runrate/internal/stream"
)

// restore puts the partition into the state at the committed offset: it gathers
// the facts, decides, and does what is decided.
func (w *Worker) restore(ctx context.Context) error {
	f, err := w.gather(ctx)
	if err != nil {
		return err
	}
	p, err := decide(w.config.Member.Group, w.source, f)
	if err != nil {
		return err
	}
	if p.commit.Set {
		if err := w.persist(ctx, "commit where to begin", func(ctx context.Context) error {
			return w.log.Commit(ctx, w.config.Member, w.source, p.commit.Next, p.commit.Metadata)
		}); err != nil {
			return err
		}
		f.commit = p.commit
	}
	if p.empty {
		w.begin(p, f)
	} else if w.config.Kept.is(p, f.commit) {
		if err := w.goOn(ctx, f); err != nil {
			return err
		}
	} else if err := w.bringBack(ctx, p, f); err != nil {
		return err
	}
	return w.lose(ctx)
}

// lose takes the gaps that the partition stands before, and makes that lasting.
func (w *Worker) lose(ctx context.Context) error {
	lost, err := w.partition.Lose()
	if err != nil || lost == 0 {
		return err
	}
	w.logger.Warn("goes on over a gap that was accepted: its records are in no number, and the view losses shows them",
		zap.Int64("lost", lost), zap.Int64("next_offset", int64(w.partition.Next())))
	return w.flush(ctx, w.chain.WantsBase(time.Now()))
}

// labels are what the partition's snapshots say of themselves.
func (w *Worker) labels() snapshots.Labels {
	return snapshots.Labels{Source: w.source, Epoch: w.config.Epoch, Settings: w.config.Settings}
}

// staleReads is for how many seconds a missing commit is asked for again before
// it is believed, where there are signs of one, and a log that is shorter than what is
// folded of it. After a change of coordinator, Kafka 4 may answer from before the
// commit, and a new leader from before the last appends; and a worker that is on its way
// out may have folded on since the log was asked.
const staleReads = 10

// gather finds the facts.
func (w *Worker) gather(ctx context.Context) (f facts, err error) {
	tries := 0
	err = retry.Poll(ctx, time.Second, func(ctx context.Context) (enough bool, err error) {
		f, err = w.facts(ctx)
		tries++
		settled := !f.ahead() && (f.commit.Set || f.handOver.Set || f.sign() == "")
		return settled || tries > staleReads, err
	})
	return f, err
}

// facts asks Kafka and ClickHouse for the facts. The commit comes first: progress
// that is read after it is not behind it, unless it was lost.
func (w *Worker) facts(ctx context.Context) (f facts, err error) {
	f.epoch, f.handOver, f.gaps = w.config.Epoch, w.config.HandOver, w.config.Fold.Gaps
	if err := w.persist(ctx, "read the committed offset", func(ctx context.Context) error {
		commits, err := w.log.Committed(ctx, w.config.Member.Group, w.source.Topic)
		if err != nil {
			return err
		}
		f.commit = commits[w.source.Partition]
		f.held, err = w.log.Range(ctx, w.source)
		return err
	}); err != nil {
		return f, err
	}
	if err := w.persist(ctx, "read progress", func(ctx context.Context) error {
		progress, err := w.tables.Progress(ctx, w.config.Epoch, w.source.Topic)
		p, started := progress[w.source.Partition]
		f.written, f.claimed, f.started = p.NextOffset, p.NextOffset, started
		if err != nil || !started {
			return err
		}
		f.written, err = w.tables.Whole(ctx, w.config.Epoch, w.source, p.NextOffset)
		return err
	}); err != nil || f.commit.Set || f.started {
		return f, err
	}
	return f, w.persist(ctx, "look for snapshots", func(ctx context.Context) error {
		r, err := w.log.Range(ctx, stream.Source{Topic: stream.Snapshots(), Partition: w.source.Partition})
		if err != nil {
			return err
		}
		f.snapshots, err = snapshots.Any(ctx, w.log, w.labels(), r.First, r.End)
		return err
	})
}

// begin begins with the empty state.
func (w *Worker) begin(p plan, f facts) {
	if f.held.First > 0 {
		w.logger.Warn("the log does not begin at 0; what was deleted before is in no number", zap.Int64("first_offset", int64(f.held.First)))
	}
	w.partition, w.chain = fold.Begin(w.config.Fold, p.at), snapshots.NewChain(w.labels())
	w.logger.Info("begins", zap.Int64("next_offset", int64(p.at)), zap.Int64("behind", int64(f.held.End-p.at)))
}

// bringBack gets the state from the snapshot, and the identities of the recent
// hours from ClickHouse.
func (w *Worker) bringBack(ctx context.Context, p plan, f facts) error {
	recalling, next, err := w.readSnapshot(ctx, p)
	if err != nil {
		return err
	}
	if next < f.commit.Next {
		w.logger.Error("ClickHouse lost rows that it had acknowledged; folding again from an older snapshot",
			zap.Int64("committed", int64(f.commit.Next)), zap.Int64("progress", int64(f.written)), zap.Int64("from", int64(next)))
		if err := f.holds(w.source, next); err != nil {
			return err
		}
	}
	if err := w.sameLog(ctx, recalling.Last()); err != nil {
		return err
	}
	if err := w.recall(ctx, recalling); err != nil {
		return err
	}
	w.partition = recalling.Done()
	w.logger.Info("restored", zap.Int64("next_offset", int64(next)), zap.Int64("behind", int64(f.held.End-next)))
	return nil
}

// readSnapshot applies the snapshot of the newest state that is true.
func (w *Worker) readSnapshot(ctx context.Context, p plan) (recalling *fold.Recalling, next stream.Offset, err error) {
	err = w.persist(ctx, "restore the snapshot", func(ctx context.Context) error {
		restoring := fold.Restore(w.config.Fold)
		var err error
		if next, w.chain, err = snapshots.Restore(ctx, w.log, w.labels(), p.from, p.at, restoring.Apply); err != nil {
			return err
		}
		recalling, err = restoring.Recall()
		return err
	})
	return recalling, next, err
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
