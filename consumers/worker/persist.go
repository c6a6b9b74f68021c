package worker

import (
	"context"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/store"
	"runrate/internal/broker"
)

// The waits between tries: from first, doubling, up to longest, each shortened
// at random by up to a half so that workers do not all come back at once.
const (
	firstWait   = 100 * time.Millisecond
	longestWait = 10 * time.Second
)

// persist does a step of I/O again and again while its error is one that may
// pass: ClickHouse or the broker is away, overloaded, or slow. It says so once
// when that begins and once when it is over. A step must be safe to repeat
// when it is not known whether it was carried out. It is not bounded in time:
// each request of it is, by its own package, and how many there are depends on
// what there is to do.
func (w *Worker) persist(ctx context.Context, what string, step func(context.Context) error) error {
	began := time.Now()
	wait := firstWait
	for tries := 1; ; tries++ {
		err := step(ctx)
		if err == nil {
			if tries > 1 {
				w.logger.Info(what+" works again", zap.Int("tries", tries), zap.Duration("after", time.Since(began)))
			}
			return nil
		}
		if ctx.Err() != nil || !passes(err) {
			return err
		}
		if tries == 1 {
			w.logger.Warn(what+" failed; trying again until it works", zap.Error(err))
		}
		select {
		case <-time.After(wait/2 + rand.N(wait/2)):
		case <-ctx.Done():
			return ctx.Err()
		}
		wait = min(2*wait, longestWait)
	}
}

// passes says whether an error may go away by waiting.
func passes(err error) bool {
	switch store.KindOf(err) {
	case store.Retry:
		return true
	case store.Setup, store.Defect, store.Canceled:
		return false
	}
	return broker.Retryable(err)
}
