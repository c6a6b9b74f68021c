package consume

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/stream"
)

// patience bounds what takes a second or two on a machine that is busy.
const patience = time.Minute

// TestToGo: a partition that was never committed counts its whole log and one more.
func TestToGo(t *testing.T) {
	type commits = map[int32]broker.Commit
	at := func(next stream.Offset) broker.Commit { return broker.Commit{Set: true, Next: next} }
	logs := map[int32]broker.Range{0: {First: 100, End: 103}, 1: {First: 0, End: 0}}
	for _, c := range []struct {
		name    string
		commits commits
		want    int64
	}{
		{"nothing is committed", commits{}, 3 + 2},
		{"nothing is committed, and told so", commits{0: {}, 1: {}}, 3 + 2},
		{"the one with records is not begun", commits{1: at(0)}, 3 + 1},
		{"the empty one is not begun", commits{0: at(103)}, 1},
		{"begun and no more", commits{0: at(100), 1: at(0)}, 3},
		{"two records are left", commits{0: at(101), 1: at(0)}, 2},
		{"all is committed", commits{0: at(103), 1: at(0)}, 0},
	} {
		if got := toGo(c.commits, logs); got != c.want {
			t.Errorf("%s: %d to go, want %d", c.name, got, c.want)
		}
	}
}

// TestCaughtUp looks at once and then twice a second, takes "unknown" for no answer,
// and ends with what it cannot go on after.
func TestCaughtUp(t *testing.T) {
	type answer struct {
		records int64
		err     error
	}
	missing := &broker.NoTopic{Topic: stream.Usage.Topic()}
	for _, c := range []struct {
		name    string
		answers []answer
		took    time.Duration
		want    error
	}{
		{"at once", []answer{{0, nil}}, 0, nil},
		{"in a while", []answer{{9, nil}, {3, nil}, {0, nil}}, time.Second, nil},
		{"unknown is not 0", []answer{{9, nil}, {0, syscall.ECONNREFUSED}, {0, &broker.Error{Err: kafka.LeaderNotAvailable}}, {0, nil}}, 1500 * time.Millisecond, nil},
		{"the topic is gone", []answer{{9, nil}, {0, missing}}, 500 * time.Millisecond, missing},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, asked := time.Now(), 0
				err := caughtUp(t.Context(), zap.NewNop(), func(context.Context) (int64, error) {
					asked++
					return c.answers[asked-1].records, c.answers[asked-1].err
				})
				if !errors.Is(err, c.want) || asked != len(c.answers) || time.Since(began) != c.took {
					t.Errorf("%v after %v, asked %d times; want %v after %v, %d", err, time.Since(began), asked, c.want, c.took, len(c.answers))
				}
			})
		})
	}
	t.Run("the folding fails", func(t *testing.T) {
		ctx, stop := context.WithCancelCause(t.Context())
		failed := errors.New("no such group")
		stop(failed)
		if err := caughtUp(ctx, zap.NewNop(), func(context.Context) (int64, error) { return 9, nil }); !errors.Is(err, failed) {
			t.Errorf("ended with %v", err)
		}
	})
}

// TestCaughtUpSays every ten seconds how far it is.
func TestCaughtUpSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logger, logs := logged()
		left := int64(65) // looks, 32 seconds
		if err := caughtUp(t.Context(), logger, func(context.Context) (int64, error) { left--; return left, nil }); err != nil {
			t.Fatal(err)
		}
		var said []any
		for _, e := range logs.All() {
			said = append(said, e.ContextMap()["records_to_go"])
		}
		if len(said) != 3 || said[0] != int64(44) || said[1] != int64(24) || said[2] != int64(4) {
			t.Errorf("said %v", said)
		}
	})
}
