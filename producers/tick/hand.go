package tick

import (
	"context"
	"time"

	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/stream"
)

// hand writes the ticks of one partition.
type hand struct {
	t      Ticker
	source stream.Source
	tick   chan time.Time // the latest tick not yet written
	begun  bool           // one is written; the first may jump
	round  func()         // its loop is alive
}

// set replaces the tick that waits to be written. Only Run calls it.
func (h *hand) set(tick time.Time) {
	select {
	case <-h.tick:
	default:
	}
	h.tick <- tick
}

// run writes each tick once. A tick that cannot be written is given up: the
// next one says more. It logs when the partition stops and starts to take
// ticks, not for every tick.
func (h *hand) run(ctx context.Context) {
	var since time.Time // of the first failure; zero while all is well
	var missed int
	for {
		h.round()
		select {
		case tick := <-h.tick:
			err := h.write(ctx, encode(tick, !h.begun))
			h.begun = h.begun || err == nil
			if err == nil && h.t.Ticked != nil {
				h.t.Ticked(h.source, tick)
			}
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				if missed++; since.IsZero() {
					since = h.t.Now()
					h.t.Log.Error("cannot tick: windows of this partition do not close", zap.Stringer("partition", h.source), zap.Error(err))
				}
			case !since.IsZero():
				h.t.Log.Info("ticking again", zap.Stringer("partition", h.source),
					zap.Duration("after", h.t.Now().Sub(since)), zap.Int("missed", missed))
				since, missed = time.Time{}, 0
			}
		case <-ctx.Done():
			return
		}
	}
}

// writeBound is how long one tick may take. A tick that arrives late is older
// than the clock it sets, which is harmless.
const writeBound = 10 * time.Second

func (h *hand) write(ctx context.Context, tick []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeBound)
	defer cancel()
	_, err := h.t.Client.Append(ctx, h.source.Topic, h.source.Partition, []broker.Message{{Value: tick}})
	return err
}
