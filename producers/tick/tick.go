// Package tick writes the pipeline's clock in live use: one clock.ticked event
// per interval to every partition of both input topics, its time the wall
// clock's.
//
// Start at Ticker.Run. A partition that cannot be written to gets no backlog:
// when it can be again it gets the latest tick only, since the highest tick is
// all that counts.
package tick

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/fault"
	"runrate/internal/retry"
	"runrate/internal/stream"
)

// Source is the CloudEvents source of the ticks.
const Source = "runrate/tick"

// Ticker writes ticks until its context ends.
type Ticker struct {
	Client   *broker.Client
	Interval time.Duration // default 1 s
	Log      *zap.Logger   // default: none

	// Now is the clock; default time.Now.
	Now func() time.Time
	// BrokerTime asks for the broker's clock; default Client.Time.
	BrokerTime func(context.Context) (time.Time, error)
	// Ticked, if there is one, is told of each tick that was written, by any goroutine.
	Ticked func(source stream.Source, tick time.Time)
	// Loop, if there is one, is told of each loop that must go round, and how long that may
	// take; what it returns is called each time.
	Loop func(name string, longest time.Duration) (round func())
	// Beats says when to tick; default: every Interval, from now on.
	Beats <-chan time.Time
}

// MaxApart is how far the ticker's clock and the broker's may be apart when it
// starts.
const MaxApart = time.Minute

// Run ticks until ctx ends and then returns nil. It waits for a broker and its
// topics as long as it takes; it returns an error only for what waiting cannot
// mend, such as a clock that is not the broker's. Where the clocks agree, the
// first tick of each partition may jump (DEFINITIONS R9): the pipeline may have
// stood still for long.
func (t Ticker) Run(ctx context.Context) error {
	if t.Interval <= 0 {
		t.Interval = time.Second
	}
	if t.Log == nil {
		t.Log = zap.NewNop()
	}
	if t.Now == nil {
		t.Now = time.Now
	}
	if t.BrokerTime == nil {
		t.BrokerTime = t.Client.Time
	}
	if t.Beats == nil {
		ticker := time.NewTicker(t.Interval) // drops beats that nobody waits for
		defer ticker.Stop()
		t.Beats = ticker.C
	}
	round := t.loop("the ticker")
	hands, err := t.hands(ctx, round)
	if err != nil || hands == nil {
		return err
	}
	if agreed, err := t.agree(ctx, round); err != nil || !agreed {
		return err
	}
	t.Log.Info("ticking", zap.Duration("interval", t.Interval), zap.Int("partitions", len(hands)))
	var running sync.WaitGroup
	for _, h := range hands {
		h.round = t.loop("the ticker of " + h.source.String())
		running.Go(func() { h.run(ctx) })
	}
	defer running.Wait()
	for {
		round()
		for _, h := range hands {
			h.set(t.Now())
		}
		select {
		case <-t.Beats:
		case <-ctx.Done():
			return nil
		}
	}
}

// stillFor is how long a loop may take for a round, beside the interval: a request and more.
const stillFor = 2 * time.Minute

func (t Ticker) loop(name string) (round func()) {
	if t.Loop == nil {
		return func() {}
	}
	return t.Loop(name, t.Interval+stillFor)
}

// hands looks up the partitions, one hand for each; nil when ctx ends first.
// Topics that are still to be created are waited for like a broker that is away.
func (t Ticker) hands(ctx context.Context, round func()) (hands []*hand, err error) {
	err = retry.Steady.Do(ctx, t.Log, "start the clock", func(ctx context.Context) error {
		round()
		hands = nil
		for _, topic := range stream.Inputs() {
			sources, err := t.Client.Sources(ctx, topic)
			if _, missing := errors.AsType[*broker.NoTopic](err); missing {
				return fault.As(fault.Retry, err)
			}
			if err != nil {
				return err
			}
			for _, s := range sources {
				hands = append(hands, &hand{t: t, source: s, tick: make(chan time.Time, 1)})
			}
		}
		return nil
	})
	switch {
	case ctx.Err() != nil:
		return nil, nil //nolint:nilerr // the context is over: to stop when told to is no error
	case err != nil:
		return nil, fmt.Errorf("start the ticker: %w", err)
	}
	return hands, nil
}

// agree compares the clock with the broker's; false when ctx ends first. The
// error says what the two are.
func (t Ticker) agree(ctx context.Context, round func()) (bool, error) {
	var before, theirs time.Time
	err := retry.Steady.Do(ctx, t.Log, "compare the clock with the broker's", func(ctx context.Context) (err error) {
		round()
		before = t.Now()
		theirs, err = t.BrokerTime(ctx)
		return err
	})
	switch own := t.Now(); {
	case ctx.Err() != nil:
		return false, nil //nolint:nilerr // the context is over: to stop when told to is no error
	case err != nil:
		return false, fmt.Errorf("start the ticker: %w", err)
	case theirs.Before(before.Add(-MaxApart)) || theirs.After(own.Add(MaxApart)):
		return false, fmt.Errorf("start the ticker: the clock of this machine says %s and the broker's %s, more than %.0f s apart: "+
			"set the one that is wrong, then start it again; one tick of a wrong clock would make every event too old, or too new",
			own.UTC().Format(time.RFC3339), theirs.UTC().Format(time.RFC3339), MaxApart.Seconds())
	}
	return true, nil
}

// encode makes the tick of an instant. Its id is the instant, so that all
// copies of a tick are the same event.
func encode(now time.Time, jump bool) []byte {
	at := event.TimeOf(now)
	e := event.Event{Type: event.ClockTicked, Source: Source, ID: at.String(), Time: at, Jump: jump}
	return e.AppendJSON(nil)
}
