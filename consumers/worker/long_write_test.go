package worker_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/store"
	"runrate/consumers/worker"
	"runrate/internal/fault"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/test/sim"
)

// slowTables take long for a flush, as ClickHouse does for the rows of a clock
// that jumps ten years.
type slowTables struct {
	*sim.Tables
	took time.Duration
}

func (s *slowTables) Write(ctx context.Context, epoch uint32, c rows.Changes) error {
	select {
	case <-time.After(s.took):
		return s.Tables.Write(ctx, epoch, c)
	case <-ctx.Done(): // as package store has it
		return &store.Error{Op: "write", Kind: fault.Canceled, Err: ctx.Err()}
	}
}

// TestLongWrite: a flush may take as long as it takes. It was cut off after two
// minutes, which stopped the partition.
func TestLongWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1, stream.Usage.Topic(), 10)
		config := worker.Config{Fold: sim.Fold(w.source, 1, w.memory), Member: w.log.Join(group), Limits: w.limits}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- worker.New(config, w.log, &slowTables{w.tables, 20 * time.Minute}, zap.NewNop()).Run(ctx)
		}()
		time.Sleep(2 * time.Hour) // virtual
		if !w.done() {
			t.Error("not done")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
