package worker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"runrate/consumers/fold"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/test/sim"
)

// gapped is a world that has folded some records, and whose log has lost some since,
// then and in the midst of what is left.
func gapped(t *testing.T, topic stream.Topic) *world {
	t.Helper()
	w := newWorld(3, topic, 60)
	all := w.records(t)
	w.log.Replace(w.source, all[:20])
	w.finish(t, nil)
	w.log.Replace(w.source, slices.Concat(all[30:40], all[44:]))
	clock := []rows.Control{{Kind: rows.ClockSet, Time: event.Time(all[30].Time) + event.Hour}}
	w.gaps = []fold.Gap{{From: all[20].Offset, To: all[30].Offset, InForce: clock}, {From: all[40].Offset, To: all[44].Offset}}
	return w
}

// records are all of the world's log.
func (w *world) records(t *testing.T) (all []stream.Record) {
	t.Helper()
	r, err := w.log.Range(context.Background(), w.source)
	for at := r.First; err == nil && at < r.End; at = all[len(all)-1].Offset + 1 {
		var some []stream.Record
		some, _, err = w.log.Fetch(context.Background(), w.source, at, 1<<20, 0)
		all = append(all, some...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestGapAtEveryCrashPoint: a worker goes on over gaps that were accepted, wherever it
// dies, with the same rows; and halts at one that was not.
func TestGapAtEveryCrashPoint(t *testing.T) {
	for _, topic := range stream.Inputs() {
		t.Run(topic.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				want, points := undisturbed(t, gapped(t, topic))
				progress, err := want.tables.Progress(context.Background(), 0, topic)
				if p := progress[0]; err != nil || p.Lost != 14 || p.NextOffset-p.FirstOffset != stream.Offset(p.Accepted+p.Duplicate+p.Refused+p.Control+p.Skipped+p.Lost) {
					t.Errorf("progress is %+v, %v", p, err)
				}
				for at, name := range points {
					for _, fault := range faults {
						w := gapped(t, topic)
						w.finish(t, func(life, call int, _ string) sim.Fault {
							if life == 0 && call == at {
								return fault
							}
							return sim.None
						})
						same(t, fmt.Sprintf("%s at call %d, %s", fault, at, name), w, want)
					}
				}
				for i := range want.gaps {
					w := gapped(t, topic)
					w.gaps = slices.Delete(w.gaps, i, i+1)
					err := w.live(&sim.Seam{Log: w.log, Tables: w.tables})
					var hole *broker.Gap
					var outside *broker.OutOfRange
					if !errors.As(err, &hole) && !errors.As(err, &outside) {
						t.Errorf("without gap %d: %v", i, err)
					}
				}
			})
		})
	}
}

// TestGapUpToTheEnd: where nothing is left after the gap, it is made lasting all the
// same, so that nobody waits for it.
func TestGapUpToTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(4, stream.Usage.Topic(), 40)
		all := w.records(t)
		end := all[len(all)-1].Offset + 1
		w.log.Replace(w.source, all[:20])
		w.finish(t, nil)
		w.log.Replace(w.source, all)
		w.log.Trim(w.source, end)
		w.gaps = []fold.Gap{{From: all[20].Offset, To: end}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // virtual
		defer cancel()
		if err := w.member(w.log.Join(group), &sim.Seam{Log: w.log, Tables: w.tables}).Run(ctx); err != nil {
			t.Fatal(err)
		}
		progress, err := w.tables.Progress(t.Context(), 0, w.source.Topic)
		if p := progress[0]; !w.done() || err != nil || p.NextOffset != end || p.Lost != int64(end-all[20].Offset) {
			t.Errorf("progress is %+v, %v; all committed: %v", p, err, w.done())
		}
	})
}
