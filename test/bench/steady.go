package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"runrate/deploy/local"
	"runrate/internal/event"
	"runrate/internal/stream"
)

// sent is what was published together: the offset after it, how many events, and when they
// were acknowledged.
type sent struct {
	partition int32
	end       stream.Offset
	events    int
	at        time.Time
}

// runSteady measures, at each rate, how long it takes from the acknowledgement of an event
// until its rows and its progress are there, without late events and with one in a hundred.
func runSteady(ctx context.Context, o Options, server *local.ClickHouse, r *Report) error {
	for _, late := range []float64{0, 0.01} {
		for i, rate := range o.Rates {
			load := Load{Form: Protobuf, Accounts: o.Accounts, Late: late, Delayed: true, History: 2}
			if err := steady(ctx, o, server, r, fmt.Sprintf("steady_%d_%d", i, int(100*late)), load, rate); err != nil {
				return fmt.Errorf("%d events a second: %w", rate, err)
			}
		}
	}
	return nil
}

func steady(ctx context.Context, o Options, server *local.ClickHouse, r *Report, name string, load Load, rate int) (err error) {
	w, err := newWorld(ctx, o, server, name, load)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	s := newSource(load)
	if err := errors.Join(w.fill(ctx, s.history), w.consume()); err != nil {
		return err
	}
	if err := w.settled(ctx); err != nil {
		return err
	}
	watch := &watch{world: w}
	watching, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { watch.run(watching) })
	events := 0
	cost, err := w.measure(func() (err error) {
		events, err = w.publish(ctx, s, rate, watch)
		return err
	})
	if err == nil {
		err = watch.seen(ctx)
	}
	stop()
	done.Wait()
	if err := errors.Join(err, watch.err); err != nil {
		return err
	}
	resident, err := residentOf(w.consumer.cmd.Process.Pid)
	r.add(Line{Part: "f", Name: fmt.Sprintf("%d events/s for %s, %s, %.0f %% late", rate, o.Steady, load.Form, 100*load.Late), Events: events,
		Cost: cost, Resident: resident, Delay: watch.delay()})
	return err
}

// publishEvery is how often events are published at a steady rate.
const publishEvery = 10 * time.Millisecond

// publish publishes at a rate, with a tick a second. Where it cannot keep up, the report's
// rate shows it.
func (w *world) publish(ctx context.Context, s *source, rate int, watch *watch) (events int, err error) {
	a := newAppender(w.client, w.load.Form, w.o.Partitions)
	began, ticked := time.Now(), time.Duration(0)
	for elapsed := time.Duration(0); elapsed < w.o.Steady; elapsed = time.Since(began) {
		now := start + event.Time(elapsed.Microseconds())
		for due := int(elapsed.Seconds() * float64(rate)); events < due; events++ {
			if err := a.put(ctx, s.next(now-s.behind(30*event.Day))); err != nil {
				return events, err
			}
		}
		if elapsed >= ticked {
			ticked += time.Second
			if err := a.put(ctx, control(event.Event{Type: event.ClockTicked, Time: now}, 100_000+events)); err != nil {
				return events, err
			}
		}
		if err := a.all(ctx); err != nil {
			return events, err
		}
		watch.published(a.ends)
		time.Sleep(publishEvery)
	}
	return events, nil
}

// watch sees when what was published is queryable.
type watch struct {
	world *world

	mu      sync.Mutex
	last    map[int32]stream.Offset
	pending []sent
	delays  []taken
	err     error
}

// taken is how long so many events took.
type taken struct {
	delay  time.Duration
	events int
}

// published takes down where partitions end now.
func (w *watch) published(ends map[int32]stream.Offset) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last == nil {
		w.last = map[int32]stream.Offset{}
	}
	for p, end := range ends {
		before, known := w.last[p]
		if !known {
			before = w.world.ends[p]
		}
		if end > before {
			w.pending = append(w.pending, sent{p, end, int(end - before), time.Now()})
		}
		w.last[p] = end
	}
}

// run looks at the progress again and again.
func (w *watch) run(ctx context.Context) {
	err := until(ctx, func() (bool, error) { return false, w.look(ctx) })
	if ctx.Err() == nil {
		w.err = err
	}
}

// look takes down what is queryable by now: progress is written last.
func (w *watch) look(ctx context.Context) error {
	rows, err := w.world.tables.Conn().Query(ctx, "SELECT partition, max(next_offset) FROM "+w.world.tables.Database().Of("progress_versions")+" WHERE topic = ? GROUP BY partition", stream.Usage.Topic().String())
	if err != nil {
		return err
	}
	defer rows.Close()
	written := map[int32]stream.Offset{}
	for rows.Next() {
		var p int32
		var next int64
		if err := rows.Scan(&p, &next); err != nil {
			return err
		}
		written[p] = stream.Offset(next)
	}
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending = slices.DeleteFunc(w.pending, func(s sent) bool {
		if s.end > written[s.partition] {
			return false
		}
		w.delays = append(w.delays, taken{now.Sub(s.at), s.events})
		return true
	})
	return rows.Err()
}

// patience is how long what was published may take to be queryable.
const patience = 2 * time.Minute

// seen waits until all that was published is queryable.
func (w *watch) seen(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return until(ctx, func() (bool, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.pending) == 0, errors.Join(w.err, w.world.consumer.ended())
	})
}

// delay sums up, by event.
func (w *watch) delay() *Delay {
	slices.SortFunc(w.delays, func(a, b taken) int { return cmp.Compare(a.delay, b.delay) })
	all := 0
	for _, t := range w.delays {
		all += t.events
	}
	if all == 0 {
		return nil
	}
	at := func(share float64) time.Duration {
		sum := 0
		for _, t := range w.delays {
			if sum += t.events; float64(sum) >= share*float64(all) {
				return t.delay
			}
		}
		return w.delays[len(w.delays)-1].delay
	}
	return &Delay{P50: at(0.5), P99: at(0.99), Max: at(1)}
}
