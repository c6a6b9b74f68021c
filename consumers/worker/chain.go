package worker

import (
	"context"
	"time"

	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/stream"
)

// chainEvery is how often a worker looks where its snapshot chain is in its log.
const chainEvery = 15 * time.Second

// keepChain renews the snapshot chain before retention deletes it: a partition that
// is quiet writes nothing, while others append to the same log. A log that cannot be
// asked now is asked again the next time, and that is said.
func (w *Worker) keepChain(ctx context.Context) error {
	held, wanes, err := w.wanes(ctx)
	if err != nil {
		w.logger.Warn("cannot tell how deep the snapshot chain is in its log; asked again in "+chainEvery.String(), zap.Error(err))
	}
	if !wanes {
		return nil
	}
	pointer, _ := w.chain.Pointer()
	fields := []zap.Field{zap.Int64("chain_begins", int64(pointer.First)), zap.Int64("log_begins", int64(held.First)), zap.Int64("log_ends", int64(held.End))}
	if w.chain.Gone(held) {
		w.logger.Error("the snapshot log has deleted the state that the commit points to; it is written anew from memory: "+
			"raise retention.bytes of "+stream.Snapshots().String(), fields...)
	} else {
		w.logger.Info("the snapshot chain is renewed before retention gets to it", fields...)
	}
	return w.flush(ctx, true)
}

// wanes says whether the chain is in the older half of what its log holds or, by the
// bytes that retention counts, of what it keeps.
func (w *Worker) wanes(ctx context.Context) (held broker.Range, wanes bool, err error) {
	var deep, kept int64
	defer func() {
		if err != nil {
			kept = 0 // unknown
		}
		w.config.Meter.ChainDepth(deep, kept)
	}()
	held, err = w.log.Range(ctx, stream.Source{Topic: stream.Snapshots(), Partition: w.source.Partition})
	if err != nil || w.config.Room == nil {
		return held, err == nil && w.chain.Wanes(held), err
	}
	kept, err = w.config.Room.Kept(ctx)
	if err != nil || kept == broker.Unlimited {
		return held, w.chain.Wanes(held), err
	}
	deep, err = w.depth.Of(ctx, w.log, w.chain, held)
	return held, w.chain.Wanes(held) || err == nil && deep > kept/2, err
}
