package worker_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"go.uber.org/zap"

	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/test/sim"
)

// unknown is a log whose cluster knows of no such topic for a while.
type unknown struct {
	*sim.Log
	from, until time.Time
	err         error
}

func (u *unknown) now() error {
	if now := time.Now(); now.Before(u.from) || !now.Before(u.until) {
		return nil
	}
	return u.err
}

// Fetch fails for a while.
func (u *unknown) Fetch(ctx context.Context, s stream.Source, at stream.Offset, maxBytes int, maxWait time.Duration) ([]stream.Record, stream.Offset, error) {
	if err := u.now(); err != nil {
		return nil, 0, err
	}
	return u.Log.Fetch(ctx, s, at, maxBytes, maxWait)
}

// Committed fails for a while.
func (u *unknown) Committed(ctx context.Context, group string, topic stream.Topic) (map[int32]broker.Commit, error) {
	if err := u.now(); err != nil {
		return nil, err
	}
	return u.Log.Committed(ctx, group, topic)
}

// TestUnknownTopic: a topic that is unknown for a few seconds, as right after its
// creation, stops nothing; one that stays unknown is gone, and the partition halts
// with the way out, whether it was folded already or not.
func TestUnknownTopic(t *testing.T) {
	topic := stream.Usage.Topic()
	for _, c := range []struct {
		name string
		err  error
		from time.Duration
		long time.Duration
		gone bool
	}{
		{"at the start, for 5 s", &broker.NoTopic{Topic: topic}, 0, 5 * time.Second, false},
		{"while folding, for 5 s", &broker.Error{Err: protocol.ErrNoTopic}, 3 * time.Second, 5 * time.Second, false},
		{"at the start, for good", &broker.NoTopic{Topic: topic}, 0, 24 * time.Hour, true},
		{"while folding, for good", &broker.Error{Err: protocol.ErrNoTopic}, 3 * time.Second, 24 * time.Hour, true},
		{"while folding, by the broker", &broker.Error{Err: kafka.UnknownTopicOrPartition}, 3 * time.Second, 24 * time.Hour, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(2, topic, 60)
				began := time.Now()
				log := &unknown{w.log, began.Add(c.from), began.Add(c.from + c.long), c.err}
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				ended := make(chan error, 1)
				config := worker.Config{Fold: sim.Fold(w.source, 1, w.memory), Member: w.log.Join(group), Limits: w.limits, Board: worker.NewBoard()}
				go func() { ended <- worker.New(config, log, w.tables, zap.NewNop()).Run(ctx) }()
				time.Sleep(time.Minute) // virtual
				grow(t, w, 3)
				time.Sleep(time.Minute)
				if c.gone {
					var err error
					select {
					case err = <-ended:
					case <-time.After(time.Hour):
						t.Fatal("it is tried for ever")
					}
					var gone *worker.Gone
					if !errors.As(err, &gone) || !errors.Is(err, c.err) || worker.ReasonOf(err) != worker.ForeignLog || !strings.Contains(err.Error(), "the topic was deleted") {
						t.Errorf("ended with %v", err)
					}
					return
				}
				if !w.done() {
					t.Error("not all is folded")
				}
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
