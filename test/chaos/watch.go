package chaos

import (
	"context"
	"fmt"
	"sync"
	"time"

	"runrate/consumers/snapshots"
	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/stream"
)

// watch follows the committed offsets and tells when they have reached a target.
type watch struct {
	client *broker.Client

	mu      sync.Mutex
	now     positions
	epochs  map[stream.Source]uint32
	waiting map[*waiter]struct{}
}

type waiter struct {
	target  positions
	reached chan time.Time // of 1
}

func newWatch(client *broker.Client) *watch {
	return &watch{client: client, now: positions{}, epochs: map[stream.Source]uint32{}, waiting: map[*waiter]struct{}{}}
}

// pollEvery is how exact the times to recover are.
const pollEvery = 50 * time.Millisecond

func (w *watch) run(ctx context.Context) error {
	for {
		for _, topic := range stream.Inputs() {
			commits, err := w.client.Committed(ctx, topic.Kind().Group(), topic)
			if err != nil {
				if !fault.Passes(err) {
					return err
				}
				continue
			}
			if err := w.saw(topic, commits); err != nil {
				return err
			}
		}
		select {
		case <-time.After(pollEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// saw takes a reading in. Within an epoch commits only ever rise: whoever comes back
// from the dead must not rewind them. A rebuild may hand over an earlier one.
func (w *watch) saw(topic stream.Topic, commits map[int32]broker.Commit) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for p, c := range commits {
		source := stream.Source{Topic: topic, Partition: p}
		pointer, err := snapshots.ParsePointer(c.Metadata)
		if was := w.now[source]; c.Next < was && (err != nil || pointer.Epoch <= w.epochs[source]) {
			return fmt.Errorf("the committed offset of %s went back from %d to %d", source, was, c.Next)
		}
		w.now[source] = c.Next
		if err == nil {
			w.epochs[source] = pointer.Epoch
		}
	}
	for one := range w.waiting {
		if one.target.reached(w.now) {
			one.reached <- time.Now()
			delete(w.waiting, one)
		}
	}
	return nil
}

// expect asks to be told when the commits have reached target.
func (w *watch) expect(target positions) *waiter {
	one := &waiter{target: target, reached: make(chan time.Time, 1)}
	w.mu.Lock()
	w.waiting[one] = struct{}{}
	w.mu.Unlock()
	return one
}

// wait returns when the commits have reached target.
func (w *watch) wait(ctx context.Context, target positions, bound time.Duration) error {
	_, err := w.expect(target).when(ctx, w, bound)
	return err
}

func (one *waiter) when(ctx context.Context, w *watch, bound time.Duration) (time.Time, error) {
	select {
	case at := <-one.reached:
		return at, nil
	case <-time.After(bound):
		w.mu.Lock()
		defer w.mu.Unlock()
		for source, end := range one.target {
			if w.now[source] < end {
				return time.Time{}, fmt.Errorf("not recovered after %s: %s is committed up to %d of %d", bound, source, w.now[source], end)
			}
		}
		return time.Now(), nil
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
}
