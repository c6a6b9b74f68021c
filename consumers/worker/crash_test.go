package worker_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"runrate/internal/event"
	"runrate/internal/stream"
	"runrate/test/sim"
)

var faults = []sim.Fault{sim.CrashBefore, sim.CrashAfter, sim.LostCall, sim.LostAnswer}

// TestEveryCrashPoint lists the worker's calls by running once, then lets each
// of them fail in each way, and compares the rows with an undisturbed run.
func TestEveryCrashPoint(t *testing.T) {
	t.Parallel()
	const records, seed = 60, 1
	for _, topic := range stream.Inputs() {
		t.Run(topic.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				want, points := undisturbed(t, newWorld(seed, topic, records))
				t.Logf("%d points: %v", len(points), kinds(points))
				for at, name := range points {
					for _, fault := range faults {
						w := want.like(seed, records)
						hit := false
						w.finish(t, func(life, call int, _ string) sim.Fault {
							if life == 0 && call == at {
								hit = true
								return fault
							}
							return sim.None
						})
						what := fmt.Sprintf("%s at call %d, %s", fault, at, name)
						if !hit {
							t.Errorf("%s: not reached", what)
						}
						same(t, what, w, want)
					}
				}
			})
		})
	}
}

// TestPairsOfCrashes lets a worker die at each call and the next one at each of
// its own. The stream is one of few rows of windows: the pairs are many.
func TestPairsOfCrashes(t *testing.T) {
	t.Parallel()
	const records, seed = 30, 8
	for _, topic := range stream.Inputs() {
		t.Run(topic.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fresh := newWorld(seed, topic, records)
				fresh.limits.Records = 20
				want, points := undisturbed(t, fresh)
				runs := 0
				for first := range points {
					for second := 0; ; second++ {
						reached := false
						for _, fault := range []sim.Fault{sim.CrashBefore, sim.CrashAfter} {
							w := want.like(seed, records)
							w.finish(t, func(life, call int, _ string) sim.Fault {
								switch {
								case life == 0 && call == first:
									return sim.CrashAfter
								case life == 1 && call == second:
									reached = true
									return fault
								}
								return sim.None
							})
							runs++
							same(t, fmt.Sprintf("crash after call %d, %s, then %s at call %d", first, points[first], fault, second), w, want)
						}
						if !reached {
							break
						}
					}
				}
				t.Logf("%d points, %d pairs", len(points), runs)
			})
		})
	}
}

// TestSchedules runs seeded schedules of faults, batches and memory sizes; make test-long
// runs 10,000.
func TestSchedules(t *testing.T) {
	const shards = 4
	for shard := range shards {
		t.Run(fmt.Sprint(shard), func(t *testing.T) {
			t.Parallel()
			known := &worlds{}
			for s := shard + 1; s <= *schedules && !t.Failed(); s += shards {
				if *seed == 0 || uint64(s) == *seed {
					schedule(t, uint64(s), known)
				}
			}
		})
	}
}

// schedule folds one stream under the schedule of a seed, that of 80 schedules.
func schedule(t *testing.T, seed uint64, known *worlds) {
	const records = 30
	drawn := seed / 80
	topic := stream.Inputs()[drawn%2]
	want := known.get(t, drawn, topic, records)
	synctest.Test(t, func(t *testing.T) {
		r := random(seed)
		w := want.like(drawn, records)
		w.limits.Records = 1 + r.IntN(records)
		w.limits.Every = time.Duration(r.IntN(1500)) * time.Millisecond
		w.limits.Fetch = 200 + r.IntN(3000)
		w.memory.Recent, w.memory.Most = event.Time(r.IntN(5))*event.Hour, 1+r.IntN(30)
		often := 3 + r.IntN(40)
		w.finish(t, func(life, _ int, _ string) sim.Fault {
			if life > 20 || r.IntN(often) > 0 {
				return sim.None
			}
			return faults[r.IntN(len(faults))]
		})
		same(t, fmt.Sprintf("schedule %d (replay with -seed %d)", seed, seed), w, want)
	})
}

func kinds(points []string) map[string]int {
	out := map[string]int{}
	for _, p := range points {
		out[p]++
	}
	return out
}
