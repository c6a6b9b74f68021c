package consume

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/store"
	"runrate/consumers/worker"
)

// sayEvery is how often a consumer says how its partitions do, at least: what was
// said more than a minute ago counts for nothing (the view freshness).
const sayEvery = 10 * time.Second

// saying writes how the partitions of an epoch do. It is safe for concurrent use.
type saying struct {
	tables *store.Store
	board  *worker.Board
	epoch  uint32
	mu     sync.Mutex // held while it writes: what was true before is not written after
}

// now writes how they do now.
func (s *saying) now(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []store.Status
	for _, p := range s.board.All() {
		all = append(all, store.Status{Source: p.Source, Epoch: s.epoch, Status: string(p.Word), Reason: string(p.Reason), Detail: p.Detail, Since: p.Since, Owed: p.Owed})
	}
	if len(all) == 0 {
		return nil
	}
	return s.tables.SaveStatuses(ctx, all)
}

// speak writes to ClickHouse how the partitions of an epoch do, at once when that
// changes and every so often, until ctx ends.
func (o Options) speak(ctx context.Context, e epoch, s *saying) {
	loop := "what tells how the partitions of " + e.Topic.String() + " do"
	defer o.Board.Rest(loop)
	away := false // it could not be written, last time
	for {
		o.Board.Beat(loop)
		err := s.now(ctx)
		if err != nil && ctx.Err() == nil && !away {
			o.Logger.Warn("the status of partitions cannot be written; the view freshness calls it unknown in a minute", zap.Stringer("topic", e.Topic), zap.Error(err))
		}
		away = err != nil
		select {
		case <-o.Board.Changed():
		case <-time.After(sayEvery):
		case <-ctx.Done():
			return
		}
	}
}
