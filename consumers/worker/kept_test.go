package worker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/worker"
	"runrate/internal/event"
	"runrate/internal/stream"
	"runrate/test/sim"
)

// term is what one generation of a group is to a process: a worker that begins with what
// the process kept, and ends when it is told to or dies. It returns what is kept then.
func (w *world) term(ctx context.Context, seam *sim.Seam, kept *worker.Kept) (*worker.Kept, error) {
	config := worker.Config{Fold: sim.Fold(w.source, 1, w.memory), Member: w.log.Join(group), Limits: w.limits, Kept: kept}
	k := worker.New(config, seam, seam, zap.NewNop())
	err := k.Run(ctx)
	return k.Keep(), err
}

// readsSnapshot says whether a worker restored its state.
func readsSnapshot(seam *sim.Seam) bool {
	return slices.Contains(seam.Points(), "fetch "+stream.Snapshots().String())
}

// TestKeptAcrossRebalances runs seeded schedules of processes that have the partition in
// turn, for a while each, with faults, and keep what they have beyond the time that they
// may: the rows are those of an undisturbed run, and what is still true is gone on with.
func TestKeptAcrossRebalances(t *testing.T) {
	t.Parallel()
	const records = 60
	kept, restored, known := 0, 0, &worlds{}
	for s := uint64(1); s <= 300; s++ {
		if *seed != 0 && s != *seed {
			continue
		}
		want := known.get(t, s/20, stream.Inputs()[s%2], records)
		synctest.Test(t, func(t *testing.T) {
			w := want.like(s/20, records)
			r := random(s)
			w.limits.Records, w.limits.Fetch = 1+r.IntN(10), 200+r.IntN(1000)
			w.memory.Recent, w.memory.Most = event.Time(r.IntN(5))*event.Hour, 1+r.IntN(30)
			processes := make([]*worker.Kept, 1+r.IntN(2))
			often := 20 + r.IntN(200)
			for term := 0; term < 30 && !w.done(); term++ {
				p := r.IntN(len(processes))
				had := processes[p] != nil
				seam := &sim.Seam{Log: w.log, Tables: w.tables, Plan: func(int, string) sim.Fault {
					if r.IntN(often) > 0 {
						return sim.None
					}
					return faults[r.IntN(len(faults))]
				}, Pause: func(int, string) { time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond) }} // virtual
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(1200))*time.Millisecond)
				var err error
				processes[p], err = w.term(ctx, seam, processes[p])
				cancel()
				if err != nil {
					if !errors.Is(err, sim.ErrCrashed) {
						t.Fatalf("schedule %d, term %d: %v", s, term, err)
					}
					processes[p] = nil // it is dead
				}
				switch reads := readsSnapshot(seam); {
				case reads:
					restored++
				case had && slices.Contains(seam.Points(), "commit"):
					kept++
				}
			}
			w.finish(t, nil)
			same(t, fmt.Sprintf("schedule %d (replay with -seed %d)", s, s), w, want)
		})
	}
	t.Logf("%d terms restored, %d committed without", restored, kept)
	if *seed == 0 && (kept < 100 || restored < 100) {
		t.Error("that shows nothing")
	}
}

// TestKept: what was kept is gone on with exactly where nothing has happened since.
func TestKept(t *testing.T) {
	const records = 60
	for _, c := range []struct {
		name    string
		happens func(t *testing.T, w *world)
		reads   bool
		stops   string
	}{
		{name: "nothing", happens: func(*testing.T, *world) {}},
		{name: "more is in the log", happens: func(t *testing.T, w *world) { grow(t, w, 3) }},
		{name: "another folded on and died before it committed", happens: func(t *testing.T, w *world) {
			grow(t, w, 3)
			err := w.live(&sim.Seam{Log: w.log, Tables: w.tables, Plan: func(_ int, name string) sim.Fault {
				if name == "commit" {
					return sim.CrashBefore
				}
				return sim.None
			}})
			if !errors.Is(err, sim.ErrCrashed) {
				t.Fatal(err)
			}
		}},
		{name: "another folded on", reads: true, happens: func(t *testing.T, w *world) {
			grow(t, w, 3)
			if err := w.live(&sim.Seam{Log: w.log, Tables: w.tables}); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "the group's offsets expired", stops: "has no committed offset", happens: func(_ *testing.T, w *world) { w.log.Forget(group) }},
		{name: "another log", stops: "is not the one that was folded", happens: func(t *testing.T, w *world) {
			w.log.Replace(w.source, all(t, newWorld(5, w.source.Topic, 200)))
		}},
		{name: "ClickHouse is another one, empty", stops: "holds no state at offset 0 or before", happens: func(_ *testing.T, w *world) { *w.tables = sim.Tables{} }},
	} {
		for _, topic := range stream.Inputs() {
			t.Run(c.name+"/"+topic.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(6, topic, records)
					kept := w.termUntilDone(t, nil, &sim.Seam{Log: w.log, Tables: w.tables})
					if kept == nil {
						t.Fatal("nothing is kept")
					}
					c.happens(t, w)
					seam := &sim.Seam{Log: w.log, Tables: w.tables}
					if c.stops != "" {
						_, err := w.term(t.Context(), seam, kept)
						if err == nil || !strings.Contains(err.Error(), c.stops) {
							t.Errorf("ended with %v, want %q", err, c.stops)
						}
						return
					}
					if again := w.termUntilDone(t, kept, seam); again == nil {
						t.Error("nothing is kept, the second time")
					}
					if got := readsSnapshot(seam); got != c.reads {
						t.Errorf("reads the snapshot: %v, want %v", got, c.reads)
					}
				})
			})
		}
	}
}

// termUntilDone is a term that ends a second after all is committed.
func (w *world) termUntilDone(t *testing.T, kept *worker.Kept, seam *sim.Seam) *worker.Kept {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		defer cancel()
		for time.Sleep(time.Second); !w.done() && ctx.Err() == nil; { // virtual
			time.Sleep(100 * time.Millisecond)
		}
	}()
	kept, err := w.term(ctx, seam, kept)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// TestFlushOutlivesTheGeneration: a flush that is under way when the worker has to go is
// brought to its end, a step that fails tried again, for ten seconds.
func TestFlushOutlivesTheGeneration(t *testing.T) {
	for _, fails := range []int{1, 3, 1000} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(6, stream.Usage.Topic(), 40)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			commits := 0
			var told time.Time
			seam := &sim.Seam{Log: w.log, Tables: w.tables, Plan: func(_ int, name string) sim.Fault {
				if name != "commit" {
					return sim.None
				}
				if commits++; commits == 1 { // where to begin
					return sim.None
				}
				if told.IsZero() {
					told = time.Now()
					cancel()
				}
				if fails--; fails >= 0 {
					return sim.LostCall
				}
				return sim.None
			}}
			forever := fails > 100
			kept, err := w.term(ctx, seam, nil)
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(told); took > 11*time.Second {
				t.Errorf("it went %s after it was told to", took)
			}
			if (kept == nil) != forever {
				t.Errorf("kept: %v", kept != nil)
			}
			c, err := w.log.Committed(t.Context(), group, w.source.Topic)
			if err != nil || (c[w.source.Partition].Metadata == "begin") != forever {
				t.Errorf("committed %+v, %v", c, err)
			}
		})
	}
}
