package bench

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"runrate/consumers/fold"
	"runrate/consumers/intake"
	"runrate/consumers/store"
	"runrate/consumers/usage"
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

// fetchBytes is the size of one fetch, as a worker's.
const fetchBytes = 4 << 20

// each fetches a partition from its beginning to its end.
func (w *world) each(ctx context.Context, p int32, do func([]stream.Record) error) error {
	source := stream.Source{Topic: stream.Usage.Topic(), Partition: p}
	for next := stream.Offset(0); next < w.ends[p]; {
		records, _, err := w.client.Fetch(ctx, source, next, fetchBytes, time.Second)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			continue
		}
		next = records[len(records)-1].Offset + 1
		if err := do(records); err != nil {
			return err
		}
	}
	return nil
}

// fetchAlone is the ceiling of reading: the same bytes, and nothing done with them.
func fetchAlone(ctx context.Context, w *world, r *Report) error {
	size := 0
	cost, err := w.measure(func() error {
		for p := range w.o.Partitions {
			if err := w.each(ctx, p, func(records []stream.Record) error {
				for i := range records {
					size += len(records[i].Value)
				}
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	r.add(Line{Part: "a", Name: fmt.Sprintf("fetch alone, %s, %d bytes an event", w.load.Form, size/w.load.Events), Events: w.load.Events, Cost: cost})
	return err
}

// alone is one partition's records, folded without Kafka and ClickHouse.
type alone struct {
	world   *world
	records [][]stream.Record // as fetched
	events  int
}

// decode decodes the records.
func (a *alone) decode(d *event.Decoder) error {
	for _, records := range a.records {
		for i := range records {
			if _, bad := d.DecodeRecord(records[i].Headers, records[i].Value); bad != nil {
				return fmt.Errorf("%v: %s", bad.Reason, bad.Detail)
			}
		}
	}
	return nil
}

// fold folds the records, flush by flush, and hands each flush's rows to write.
func (a *alone) fold(write func(rows.Changes) error) error {
	p := fold.Begin(a.world.foldConfig(0), 0)
	for _, records := range a.records {
		if err := p.Judge(records).Fold(nil); err != nil {
			return err
		}
		if write == nil {
			continue
		}
		flush, err := p.Flush()
		if err != nil {
			return err
		}
		if err := write(flush.Changes()); err != nil {
			return err
		}
		flush.Done()
	}
	return nil
}

func (w *world) foldConfig(p int32) fold.Config {
	d := definitions.DefaultARR
	return fold.Config{
		Source: stream.Source{Topic: stream.Usage.Topic(), Partition: p}, Partitions: w.o.Partitions, Memory: intake.DefaultMemory,
		New: func() fold.Blank {
			return usage.New(usage.Config{ARRWindowDays: int(d.WindowDays), ARRMultiplier: int64(d.Multiplier)})
		},
	}
}

// stages are decoding, folding and making rows alone, on one core, and the bare
// insert of the rows, all of partition 0.
func stages(ctx context.Context, w *world, r *Report) error {
	a := alone{world: w}
	if err := w.each(ctx, 0, func(records []stream.Record) error {
		a.records = append(a.records, records)
		a.events += len(records)
		return nil
	}); err != nil {
		return err
	}
	var decoder event.Decoder
	for _, s := range []struct {
		name string
		do   func() error
	}{
		{"decode", func() error { return a.decode(&decoder) }},
		{"decode, fold", func() error { return a.fold(func(rows.Changes) error { return nil }) }},
		{"decode, fold, rows", func() error { return a.fold(store.Discard(0)) }},
	} {
		line, err := w.stage(s.name, a.events, s.do)
		if err != nil {
			return err
		}
		r.add(line)
	}
	return a.insert(ctx, r)
}

// stage measures one on one core; the garbage collector's work counts.
func (w *world) stage(name string, events int, do func() error) (Line, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	cost, err := w.measure(do)
	runtime.ReadMemStats(&after)
	cost.ClickHouse, cost.Broker = 0, 0 // they have no part in it
	return Line{Part: "b", Name: fmt.Sprintf("%s, %s, one core", name, w.load.Form), Events: events, Cost: cost,
		Allocs: float64(after.Mallocs-before.Mallocs) / float64(events), Bytes: float64(after.TotalAlloc-before.TotalAlloc) / float64(events)}, err
}

// insert is the ceiling of writing: the rows, made before, into tables of their own.
func (a *alone) insert(ctx context.Context, r *Report) error {
	w := a.world
	const epoch = 9 // which no view shows
	var cost Cost
	written := 0
	err := a.fold(func(c rows.Changes) error {
		took, err := w.measure(func() error { return w.tables.Write(ctx, epoch, c) })
		cost = cost.plus(took)
		for range c.UsageEvents {
			written++
		}
		return err
	})
	r.add(Line{Part: "a", Name: fmt.Sprintf("insert alone, %s, rows of one fetch at a time, making them included", w.load.Form), Events: written, Cost: cost})
	return err
}
