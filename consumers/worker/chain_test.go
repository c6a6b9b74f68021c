package worker_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"runrate/consumers/meter"
	"runrate/consumers/snapshots"
	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/test/sim"
)

// TestQuietChainIsKept: a partition that is quiet renews its snapshot chain while a
// busy neighbour fills the snapshot log, and so outlives what retention deletes; even
// all of it, while the worker has the state. Nothing is written otherwise.
func TestQuietChainIsKept(t *testing.T) {
	for _, c := range []struct {
		name          string
		records, size int                                   // of the neighbour, between two looks at the log
		kept          int64                                 // bytes that retention keeps
		trims         func(end stream.Offset) stream.Offset // what it leaves of the log, after the neighbour wrote
	}{
		{"the older half is deleted", 1000, 1, broker.Unlimited, func(end stream.Offset) stream.Offset { return end / 2 }},
		{"all is deleted at once", 1000, 1, broker.Unlimited, func(end stream.Offset) stream.Offset { return end }},
		{"the neighbour's are few and large", 5, 100_000, 800_000, func(end stream.Offset) stream.Offset { return end - 1 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				whole := newWorld(6, stream.Usage.Topic(), 60)
				records, _, err := whole.log.Fetch(t.Context(), whole.source, 0, 1<<20, 0)
				if err != nil {
					t.Fatal(err)
				}
				w := whole.like(6, 60)
				w.log.Replace(w.source, records[:40])
				undisturbed(t, w)
				log := stream.Source{Topic: stream.Snapshots()}
				before := pointer(t, w)
				metrics := prometheus.NewRegistry()
				counts := meter.New(metrics)
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() {
					ended <- w.memberIn(w.log.Join(group), &sim.Seam{Log: w.log, Tables: w.tables}, room(c.kept), counts.Of(w.source)).Run(ctx)
				}()
				time.Sleep(time.Minute + time.Second) // off the worker's own looks, here and below
				if now := pointer(t, w); now.First != before.First {
					t.Errorf("renewed without need: %v, %v", before, now)
				}
				if ratio, told := depth(t, metrics); told != (c.kept > 0) || ratio < 0 || ratio > 0.1 {
					t.Errorf("depth of %v, told %v, of a log that keeps %d", ratio, told, c.kept)
				}
				for range 3 {
					busy(t, w, c.records, c.size)
					time.Sleep(time.Minute) // it looks several times
					trim := c.trims(end(t, w, log))
					if now := pointer(t, w); now.First < trim && trim < end(t, w, log) {
						t.Errorf("the log is to begin at %d, and the commit points to %v", trim, now)
					}
					w.log.Trim(log, trim)
					time.Sleep(time.Minute)
				}
				stop()
				if err := <-ended; err != nil {
					t.Fatal(err)
				}
				held, _ := w.log.Range(t.Context(), log)
				if now := pointer(t, w); now.First < held.First || now.First <= before.First {
					t.Errorf("the commit points to %v, the log holds %d up to %d", now, held.First, held.End)
				}
				// What was kept is the state: the next worker goes on from it as one
				// that was never disturbed.
				w.log.Replace(w.source, records)
				undisturbed(t, w)
				undisturbed(t, whole)
				same(t, c.name, w, whole)
			})
		})
	}
}

// busy is a neighbour that appends to the same partition of the snapshot log.
func busy(t *testing.T, w *world, n, size int) {
	t.Helper()
	for range n {
		if _, err := w.log.Append(t.Context(), stream.Snapshots(), 0, []broker.Message{{Key: []byte("runrate.subscriptions/0"), Value: make([]byte, size)}}); err != nil {
			t.Fatal(err)
		}
	}
}

// room is a snapshot log of which so many bytes are kept.
type room int64

func (room) See(context.Context, int) {}

func (r room) Kept(context.Context) (int64, error) { return int64(r), nil }

// depth is how deep the chain is, as the metric has it.
func depth(t *testing.T, metrics *prometheus.Registry) (ratio float64, told bool) {
	t.Helper()
	all, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if f.GetName() == "runrate_snapshot_chain_depth_ratio" {
			return f.GetMetric()[0].GetGauge().GetValue(), true
		}
	}
	return 0, false
}

// pointer is the snapshot that the world's commit points to.
func pointer(t *testing.T, w *world) snapshots.Pointer {
	t.Helper()
	commits, err := w.log.Committed(t.Context(), group, w.source.Topic)
	if err != nil {
		t.Fatal(err)
	}
	p, err := snapshots.ParsePointer(commits[w.source.Partition].Metadata)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
