package worker_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

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
				records := all(t, other)
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
				var err error
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

// TestCutInsideABatch: a log that lost its tail and went on with other records,
// while what it lost is folded and not flushed, stops the partition: nothing is
// written of a batch that mixes two logs. The new tail may be shorter than the
// lost one, as long, or longer.
func TestCutInsideABatch(t *testing.T) {
	const kept, lost = 32, 8
	for _, topic := range stream.Inputs() {
		for _, added := range []int{0, lost - 1, lost, 3 * lost} {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(4, topic, 2*(kept+lost))
				w.limits.Records = 1000 // one batch, flushed after a second
				records := all(t, w)[:kept+lost]
				w.log.Replace(w.source, records)
				other := all(t, newWorld(5, topic, 3*(kept+added)))
				mixed := append(slices.Clone(records[:kept]), other[kept:kept+added]...)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				ended := make(chan error, 1)
				go func() {
					ended <- w.member(w.log.Join(group), &sim.Seam{Log: w.log, Tables: w.tables}).Run(ctx)
				}()
				time.Sleep(200 * time.Millisecond) // virtual: all is folded, nothing flushed
				w.log.Replace(w.source, mixed)
				err := <-ended
				var another *worker.AnotherLog
				if !errors.As(err, &another) {
					t.Errorf("%s, %d new records: ended with %v", topic, added, err)
				}
				if p, _ := w.tables.Progress(t.Context(), 0, topic); len(p) > 0 {
					t.Errorf("%s, %d new records: written up to %d", topic, added, p[0].NextOffset)
				}
			})
		}
	}
}

// replacing is a log that becomes another one just before a record is fetched.
type replacing struct {
	*sim.Seam
	when    stream.Offset
	replace func()
}

func (l *replacing) Fetch(ctx context.Context, s stream.Source, at stream.Offset, maxBytes int, maxWait time.Duration) ([]stream.Record, stream.Offset, error) {
	if s.Topic != stream.Snapshots() && at >= l.when && l.replace != nil {
		l.replace()
		l.replace = nil
	}
	return l.Seam.Fetch(ctx, s, at, maxBytes, maxWait)
}

// TestCutWhileBehind is TestCutInsideABatch for a worker that has more to fetch, a few
// records at a time: it sees the cut as it goes on, whatever it has fetched by then.
func TestCutWhileBehind(t *testing.T) {
	const records = 60
	for _, topic := range stream.Inputs() {
		for cut := stream.Offset(4); cut < records-4; cut += 7 {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(4, topic, 2*records)
				w.limits.Records, w.limits.Fetch = 1000, 1500 // one batch, flushed after a second; a few records a fetch
				log := all(t, w)[:records]
				w.log.Replace(w.source, log)
				other := all(t, newWorld(5, topic, 4*records))
				mixed := append(slices.Clone(log[:cut-2]), other[cut-2:records+10]...)
				seam := &replacing{&sim.Seam{Log: w.log, Tables: w.tables}, cut, func() { w.log.Replace(w.source, mixed) }}
				config := worker.Config{Fold: sim.Fold(w.source, 1, w.memory), Member: w.log.Join(group), Limits: w.limits}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // virtual
				defer cancel()
				err := worker.New(config, seam, seam, zap.NewNop()).Run(ctx)
				var another *worker.AnotherLog
				if !errors.As(err, &another) {
					t.Errorf("%s, cut before %d: ended with %v", topic, cut, err)
				}
				if p, _ := w.tables.Progress(t.Context(), 0, topic); len(p) > 0 {
					t.Errorf("%s, cut before %d: written up to %d", topic, cut, p[0].NextOffset)
				}
			})
		}
	}
}

// all are the records of a world's log, at offsets from 0.
func all(t *testing.T, w *world) []stream.Record {
	t.Helper()
	r, _ := w.log.Range(t.Context(), w.source)
	records, _, err := w.log.Fetch(t.Context(), w.source, r.First, 1<<30, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	records = slices.Clone(records)
	for i := range records {
		records[i].Offset = stream.Offset(i)
	}
	return records
}
