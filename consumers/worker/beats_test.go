package worker

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"runrate/internal/fault"
	"runrate/internal/stream"
)

// TestAlive: a loop that does not go round any more is dead, by its name; one that has
// ended, or whose step is tried again and again, is not.
func TestAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBoard()
		b.Beat("a")
		b.Beat("b")
		time.Sleep(deadAfter)
		if err := b.Alive(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		b.Beat("a")
		if err := b.Alive(); err == nil || err.Error() != "b has stood still for 10m1s" {
			t.Error(err)
		}
		b.Rest("b")
		if err := b.Alive(); err != nil {
			t.Error(err)
		}
	})
}

// TestAwayIsAlive: while ClickHouse is away for an hour the worker is alive; one that hangs
// in a try for ever is not.
func TestAwayIsAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := stream.Source{Topic: stream.Usage.Topic(), Partition: 3}
		w := &Worker{source: source, logger: zap.NewNop(), config: Config{Board: NewBoard()}}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var hang atomic.Bool
		w.config.Board.Beat(source.String())
		go func() {
			_ = w.persist(ctx, "write rows", func(ctx context.Context) error { // it ends with ctx
				if hang.Load() {
					<-ctx.Done()
				}
				return fault.As(fault.Retry, errors.New("away"))
			})
		}()
		time.Sleep(time.Hour)
		if err := w.config.Board.Alive(); err != nil {
			t.Error(err)
		}
		hang.Store(true)
		time.Sleep(time.Hour)
		if err := w.config.Board.Alive(); err == nil || !strings.Contains(err.Error(), "runrate.usage/3") {
			t.Error(err)
		}
	})
}
