// Package retry is how the program waits: it does a step again until it works
// (Policy.Do), or asks again until the answer is yes (Poll). What is worth
// another try is fault.Passes's to say.
package retry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"

	"runrate/internal/fault"
)

// Policy says how long to wait between tries: First, then twice as long each
// time, up to Longest; each wait is shortened at random by up to a half, so that
// those who wait for the same thing do not all come back at once.
type Policy struct {
	First   time.Duration
	Longest time.Duration
	// For is for how long tries go on, from the first; 0 is for ever.
	For time.Duration
}

var (
	// Patient is for what is under way: quick at first, and no burden on a
	// server that is away for hours.
	Patient = Policy{First: 100 * time.Millisecond, Longest: 10 * time.Second}
	// Steady is for what begins and waits for its servers to be there.
	Steady = Policy{First: time.Second, Longest: time.Second}
)

// Do does a step again and again while its error is one that passes. It tells log
// once when that begins and once when it is over; what names the step. The step
// must be safe to repeat when it is not known whether it was carried out. When ctx
// ends, the error is the step's own, or ctx's if it ends between two tries.
func (p Policy) Do(ctx context.Context, log *zap.Logger, what string, step func(context.Context) error) error {
	began, tries := time.Now(), 0
	_, err := backoff.Retry(ctx, func() (none struct{}, err error) {
		tries++
		if err = step(ctx); err != nil && (ctx.Err() != nil || !fault.Passes(err)) {
			err = backoff.Permanent(err)
		}
		return none, err
	}, backoff.WithBackOff(p.waits()), backoff.WithMaxElapsedTime(p.For), backoff.WithNotify(func(err error, _ time.Duration) {
		if tries == 1 {
			log.Warn(what+" failed; trying again until it works", zap.Error(err))
		}
	}))
	switch {
	case err == nil && tries > 1:
		log.Info(what+" works again", zap.Int("tries", tries), zap.Duration("after", time.Since(began)))
	case ctx.Err() == nil && fault.Passes(err):
		err = fmt.Errorf("gave up after %s of retries: %w", p.For, err)
	}
	return err
}

// Each calls step, and again after each wait of the policy, until it says not to or
// ctx ends.
func (p Policy) Each(ctx context.Context, step func() (again bool)) {
	waits := p.waits()
	waits.Reset()
	for step() {
		select {
		case <-time.After(waits.NextBackOff()):
		case <-ctx.Done():
			return
		}
	}
}

// waits are those of the policy: from a half to the whole of its lengths.
func (p Policy) waits() backoff.BackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval: p.First * 3 / 4, MaxInterval: p.Longest * 3 / 4, Multiplier: 2, RandomizationFactor: 1. / 3,
	}
}

var errNotYet = errors.New("not yet")

// Poll asks at once and then after every interval, until the answer is yes. An
// error of ask ends it, as does ctx.
func Poll(ctx context.Context, every time.Duration, ask func(context.Context) (yes bool, err error)) error {
	_, err := backoff.Retry(ctx, func() (none struct{}, err error) {
		yes, err := ask(ctx)
		switch {
		case err != nil:
			return none, backoff.Permanent(err)
		case !yes:
			return none, errNotYet
		}
		return none, nil
	}, backoff.WithBackOff(backoff.NewConstantBackOff(every)), backoff.WithMaxElapsedTime(0))
	return err
}
