package worker_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/test/sim"
)

// TestZombieAtEveryStep pauses a worker at each of its calls, lets a successor
// take over and get ahead of it, by one flush or to the end, and wakes it. What
// it still writes must be true already, and its commit must be refused.
func TestZombieAtEveryStep(t *testing.T) {
	const records, seed = 50, 3
	for _, topic := range stream.Inputs() {
		t.Run(topic.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				want, points := undisturbed(t, newWorld(seed, topic, records))
				fenced := 0
				for at, name := range points {
					for _, ahead := range []int{0, 1, 1000} {
						w := want.like(seed, records)
						what := fmt.Sprintf("paused before call %d, %s; woken after %d flushes of its successor", at, name, ahead)
						err := zombie(t, w, at, ahead)
						var f *broker.Fenced
						switch {
						case errors.As(err, &f):
							fenced++
						case err != nil:
							t.Errorf("%s: the zombie ended with %v", what, err)
						}
						same(t, what, w, want)
					}
				}
				if fenced < len(points) {
					t.Errorf("%d of %d zombies were fenced", fenced, 3*len(points))
				}
				t.Logf("%d points, %d of %d zombies fenced, the others had nothing left to commit", len(points), fenced, 3*len(points))
			})
		})
	}
}

// zombie runs an old worker up to its call at, then a successor until it has
// committed so often, wakes the old one, and lets both come to their end.
func zombie(t *testing.T, w *world, at, ahead int) error {
	t.Helper()
	paused, wake := make(chan struct{}), make(chan struct{})
	old := &sim.Seam{Log: w.log, Tables: w.tables, Pause: func(call int, _ string) {
		if call == at {
			close(paused)
			<-wake
		}
	}}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	oldMember := w.log.Join(group)
	go func() { ended <- w.member(oldMember, old).Run(ctx) }()
	<-paused

	// The successor stops after its commits, by dying before the next one.
	commits := 0
	err := w.live(&sim.Seam{Log: w.log, Tables: w.tables, Plan: func(_ int, name string) sim.Fault {
		if name == "commit" {
			if commits++; commits > ahead {
				return sim.CrashBefore
			}
		}
		return sim.None
	}})
	if err != nil && !errors.Is(err, sim.ErrCrashed) {
		t.Fatalf("successor: %v", err)
	}
	close(wake)
	// Virtual time lets the old one do all that it can.
	var result error
	select {
	case result = <-ended:
	case <-time.After(time.Minute):
		cancel()
		result = <-ended
	}
	w.finish(t, nil)
	return result
}

// TestTwoAtOnce runs workers of two generations against each other, call by
// call in a seeded order: whoever is fenced ends, and another comes.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	const records = 40
	known := &worlds{}
	for s := uint64(1); s <= 200; s++ {
		if *seed != 0 && s != *seed {
			continue
		}
		want := known.get(t, s/10, stream.Inputs()[s%2], records)
		synctest.Test(t, func(t *testing.T) {
			w := want.like(s/10, records)
			r := random(s)
			w.limits.Records = 2 + r.IntN(15)
			delays := make([]time.Duration, 4096)
			for i := range delays {
				delays[i] = time.Duration(r.IntN(3000)) * time.Millisecond
			}
			ctx, cancel := context.WithCancel(context.Background())
			const workers = 3
			ended := make(chan struct{}, workers)
			for id := range workers {
				go func() {
					defer func() { ended <- struct{}{} }()
					for life := 0; ctx.Err() == nil && life < 50; life++ {
						seam := &sim.Seam{Log: w.log, Tables: w.tables, Pause: func(call int, _ string) {
							time.Sleep(delays[(id*1000+life*37+call)%len(delays)]) // virtual
						}}
						err := w.member(w.log.Join(group), seam).Run(ctx)
						var fenced *broker.Fenced
						if err != nil && !errors.As(err, &fenced) {
							t.Errorf("schedule %d: %v", s, err)
							return
						}
					}
				}()
			}
			for i := 0; i < 100_000 && !w.done(); i++ {
				time.Sleep(time.Second) // virtual
			}
			cancel()
			for range workers {
				<-ended
			}
			w.finish(t, nil)
			same(t, fmt.Sprintf("schedule %d (replay with -seed %d)", s, s), w, want)
		})
	}
}
