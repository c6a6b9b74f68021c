package worker_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/test/sim"
)

// staleLog answers from before the commit, as Kafka 4 may after a change of
// coordinator, so many times.
type staleLog struct {
	*sim.Seam
	answers int
}

func (l *staleLog) Committed(ctx context.Context, group string, topic stream.Topic) (map[int32]broker.Commit, error) {
	if l.answers--; l.answers >= 0 {
		return map[int32]broker.Commit{}, nil
	}
	return l.Seam.Committed(ctx, group, topic)
}

// TestStaleCommit: a commit that is missing beside rows is asked for again, for ten
// seconds, before the partition stops.
func TestStaleCommit(t *testing.T) {
	for _, c := range []struct {
		answers int
		stops   bool
	}{{1, false}, {10, false}, {11, true}} {
		synctest.Test(t, func(t *testing.T) {
			w, _ := undisturbed(t, newWorld(6, stream.Usage.Topic(), 40))
			seam := &sim.Seam{Log: w.log, Tables: w.tables}
			config := worker.Config{Fold: sim.Fold(w.source, 1, w.memory), Member: w.log.Join(group), Limits: w.limits}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // virtual
			defer cancel()
			err := worker.New(config, &staleLog{seam, c.answers}, seam, zap.NewNop()).Run(ctx)
			if (err != nil) != c.stops || c.stops && !strings.Contains(err.Error(), "has no committed offset") {
				t.Errorf("%d stale answers: %v", c.answers, err)
			}
			for _, point := range seam.Points() {
				if point == "commit" || strings.HasPrefix(point, "insert") {
					t.Errorf("%d stale answers: it went on to %q", c.answers, point)
				}
			}
		})
	}
}
