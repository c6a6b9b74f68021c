package consume

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap"

	"runrate/consumers/fold"
	"runrate/consumers/snapshots"
	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/retry"
	"runrate/internal/stream"
)

// NoGap says that a partition does not stand before records that its log has lost,
// so that there is no loss to accept.
type NoGap struct {
	Source stream.Source
	Why    string
}

func (e *NoGap) Error() string { return fmt.Sprintf("%s has no loss to accept: %s", e.Source, e.Why) }

// Fault is fault.Setup.
func (*NoGap) Fault() fault.Kind { return fault.Setup }

// Resume lets a partition go on whose next records the log has lost: it keeps its
// state, and the gap becomes a part of the epoch's record, with the price book and the
// clock that are in force at its end as far as any partition knows them. Consumers
// see it within seconds, and go on by themselves. The error is a NoGap where the log has
// what is due, or is another one.
//
// It takes the lock of a rebuild, and returns Busy where that is held. Nothing is
// written but the record, so that a consumer that runs meanwhile is not disturbed: it
// goes on over the gap by the record, or not at all.
func Resume(ctx context.Context, source stream.Source, reason string, o Options) (gap store.Gap, err error) {
	l, ctx, err := o.lock(ctx, source.Topic.Kind())
	if err == nil {
		if o, err = o.named(ctx); err != nil {
			return gap, errors.Join(err, l.release())
		}
		err = retry.Steady.Do(ctx, o.Logger, "accept the loss", func(ctx context.Context) (err error) {
			if gap, err = o.lost(ctx, source); err != nil {
				return err
			}
			gap.Reason = reason
			claimed, _, err := l.read(ctx)
			if err != nil {
				return err
			}
			if err := l.write(ctx, claimed, fmt.Sprintf("resuming %s", source)); err != nil { // nobody else has it
				return err
			}
			shown, err := o.Store.Epoch(ctx, source.Topic)
			if err != nil {
				return err
			}
			return o.Store.AcceptGap(ctx, source.Topic, shown, gap)
		})
		err = errors.Join(err, l.release())
	}
	if err != nil {
		return gap, fmt.Errorf("resume %s: %w", source, err)
	}
	o.Logger.Info("the loss is accepted; consumers go on by themselves", zap.Stringer("source", source),
		zap.Int64("from", int64(gap.From)), zap.Int64("to", int64(gap.To)))
	return gap, nil
}

// lost is the gap that a partition stands before.
func (o Options) lost(ctx context.Context, source stream.Source) (gap store.Gap, err error) {
	e, err := o.current(ctx, source.Topic)
	if err != nil {
		return gap, err
	}
	if source.Partition >= e.partitions {
		return gap, &NoGap{source, fmt.Sprintf("%s has %d partitions, counted from 0", source.Topic, e.partitions)}
	}
	if err := e.fits(source, e.partitions); err != nil {
		return gap, err
	}
	log, err := o.Client.Range(ctx, source)
	if err != nil {
		return gap, err
	}
	another, err := o.another(ctx, e, map[int32]broker.Range{source.Partition: log})
	if err != nil {
		return gap, err
	}
	if another {
		return gap, &NoGap{source, fmt.Sprintf("it is another log than epoch %d was folded from: refold it with `runrate rebuild %s`", e.Epoch, source.Topic.Kind())}
	}
	next, written, err := o.stands(ctx, e, source)
	if err != nil {
		return gap, err
	}
	if gap, err = standsBefore(source, next, written, log, e.gaps(source.Partition)); err != nil {
		return gap, err
	}
	gap.InForce, err = o.inForce(ctx, e, source, gap.To, gap.From)
	return gap, err
}

// standsBefore is the gap that a partition stands before whose next offset and whose
// progress in ClickHouse are these, with the gaps that were accepted before.
func standsBefore(source stream.Source, next, written stream.Offset, log broker.Range, accepted []fold.Gap) (gap store.Gap, err error) {
	none := func(format string, args ...any) error { return &NoGap{source, fmt.Sprintf(format, args...)} }
	rebuild := fmt.Sprintf("refold it with `runrate rebuild %s`", source.Topic.Kind())
	if written < next {
		return gap, none("ClickHouse has lost rows from %d on: %s", written, rebuild)
	}
	for _, g := range accepted {
		if g.From == next {
			next = g.To
		}
	}
	switch {
	case next > log.End:
		return gap, none("the log ends at %d and the partition is at %d, so it is another log, or has lost its end: %s", log.End, next, rebuild)
	case next >= log.First:
		return gap, none("the partition is at %d, and the log holds %d up to %d", next, log.First, log.End)
	}
	return store.Gap{Partition: source.Partition, From: next, To: log.First}, nil
}

// stands is where a partition goes on under an epoch, by its commit, and how far
// ClickHouse's progress is.
func (o Options) stands(ctx context.Context, e epoch, source stream.Source) (next, written stream.Offset, err error) {
	commits, err := o.Client.Committed(ctx, source.Topic.Kind().Group(), source.Topic)
	if err != nil {
		return 0, 0, err
	}
	progress, err := o.Store.Progress(ctx, e.Epoch, source.Topic)
	if err != nil {
		return 0, 0, err
	}
	commit := commits[source.Partition]
	pointer, unread := snapshots.ParsePointer(commit.Metadata)
	if hand, ok := e.HandOver[source.Partition]; ok && (!commit.Set || unread != nil || pointer.Epoch < e.Epoch) {
		commit = broker.Commit{Set: true, Next: hand.Next, Metadata: hand.Metadata}
	}
	if !commit.Set {
		return 0, 0, &NoGap{source, "its group has committed nothing: a consumer begins with what the log has, or says what is missing"}
	}
	written = progress[source.Partition].NextOffset
	if pointer.Epoch == 0 && unread != nil { // nothing is folded yet
		written = commit.Next
	}
	return commit.Next, written, nil
}
