package worker_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"runrate/consumers/worker"
	"runrate/internal/stream"
	"runrate/test/sim"
)

// TestAnotherLog puts another log under the offsets of the one that is folded,
// longer than it, while no worker runs and while one does: it stops, and no row
// of the other log is written.
func TestAnotherLog(t *testing.T) {
	for _, topic := range stream.Inputs() {
		for _, running := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				want, _ := undisturbed(t, newWorld(4, topic, 40))
				w := want.like(4, 40)
				other := newWorld(5, topic, 200)
				r, _ := other.log.Range(t.Context(), other.source)
				records, _, err := other.log.Fetch(t.Context(), other.source, r.First, 1<<30, time.Second)
				if err != nil {
					t.Fatal(err)
				}
				records = slices.Clone(records)
				for i := range records {
					records[i].Offset = stream.Offset(i)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				seam := &sim.Seam{Log: w.log, Tables: w.tables}
				ended := make(chan error, 1)
				go func() { ended <- w.member(w.log.Join(group), seam).Run(ctx) }()
				for !w.done() {
					time.Sleep(100 * time.Millisecond) // virtual
				}
				if !running {
					cancel()
					if err := <-ended; err != nil {
						t.Fatal(err)
					}
				}
				w.log.Replace(w.source, records)
				if !running {
					err = w.live(&sim.Seam{Log: w.log, Tables: w.tables})
				} else {
					err = <-ended
				}
				var another *worker.AnotherLog
				if !errors.As(err, &another) || another.Source != w.source {
					t.Errorf("%s, running %v: ended with %v", topic, running, err)
				}
				same(t, "with another log under it", w, want)
			})
		}
	}
}
