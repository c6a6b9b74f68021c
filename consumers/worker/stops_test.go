package worker_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/stream"
	"runrate/test/sim"
)

// TestStops takes from a stopped consumer what it needs to go on, one thing at a
// time. It must stop, name what is missing and the way out, and write nothing.
func TestStops(t *testing.T) {
	snapshots := stream.Source{Topic: stream.Snapshots()}
	for _, c := range []struct {
		name string
		take func(t *testing.T, w *world)
		want string
	}{
		{"retention overtakes it", func(t *testing.T, w *world) { grow(t, w, 50); w.log.Trim(w.source, end(t, w, w.source)-3) }, "47 records from there on are deleted"},
		{"the group's offsets expire", func(_ *testing.T, w *world) { w.log.Forget(group) }, "has no committed offset for"},
		{"the snapshot is deleted", func(t *testing.T, w *world) { w.log.Trim(snapshots, end(t, w, snapshots)) }, "restore "},
		{"ClickHouse is another one, empty", func(_ *testing.T, w *world) { w.tables = &sim.Tables{} }, "holds no state at offset 0 or before"},
		{"the log is cut", func(_ *testing.T, w *world) { w.log.Replace(w.source, nil) }, "the log is shorter than it was"},
	} {
		for _, topic := range stream.Inputs() {
			t.Run(c.name+"/"+topic.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, _ := undisturbed(t, newWorld(6, topic, 40))
					c.take(t, w)
					seam := &sim.Seam{Log: w.log, Tables: w.tables}
					err := w.live(seam)
					if err == nil || !strings.Contains(err.Error(), c.want) {
						t.Errorf("ended with %v, want %q", err, c.want)
					}
					if fault.Passes(err) || errors.Is(err, sim.ErrCrashed) {
						t.Errorf("%v is one that waiting mends", err)
					}
					for _, point := range seam.Points() {
						if strings.HasPrefix(point, "insert") || point == "commit" || point == "append snapshot" {
							t.Errorf("it went on to %q", point)
						}
					}
				})
			})
		}
	}
}

// TestKafkaIsOlder: Kafka is brought back from a copy that was taken before rows were
// written, with the log, the snapshots and the commit of then. Other records would come under
// the offsets of those that are gone, so the partition stops, and nothing more is written.
func TestKafkaIsOlder(t *testing.T) {
	for _, topic := range stream.Inputs() {
		synctest.Test(t, func(t *testing.T) {
			w, _ := undisturbed(t, newWorld(6, topic, 40))
			records := all(t, w)
			grow(t, w, 3)
			err := w.live(&sim.Seam{Log: w.log, Tables: w.tables, Plan: func(_ int, name string) sim.Fault {
				if name == "commit" {
					return sim.CrashBefore
				}
				return sim.None
			}})
			if !errors.Is(err, sim.ErrCrashed) {
				t.Fatalf("ended with %v", err)
			}
			w.log.Replace(w.source, records)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // virtual
			defer cancel()
			seam := &sim.Seam{Log: w.log, Tables: w.tables}
			err = w.member(w.log.Join(group), seam).Run(ctx)
			if err == nil || !strings.Contains(err.Error(), "the log is shorter than it was") || worker.ReasonOf(err) != worker.ForeignLog {
				t.Errorf("ended with %v", err)
			}
			for _, point := range seam.Points() {
				if strings.HasPrefix(point, "insert") || point == "commit" || point == "append snapshot" {
					t.Errorf("it went on to %q", point)
				}
			}
		})
	}
}

func end(t *testing.T, w *world, s stream.Source) stream.Offset {
	t.Helper()
	r, err := w.log.Range(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return r.End
}

// grow appends so many records to the source.
func grow(t *testing.T, w *world, n int) {
	t.Helper()
	for range n {
		if _, err := w.log.Append(t.Context(), w.source.Topic, w.source.Partition, []broker.Message{{Value: []byte("x")}}); err != nil {
			t.Fatal(err)
		}
	}
}
