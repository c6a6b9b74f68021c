package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"runrate/consumers/fold"
	"runrate/deploy/local"
	"runrate/internal/event"
	"runrate/internal/stream"
)

// runMany folds many accounts with one event, and so one identity, each, starts the
// consumer anew, and folds one of them alone to see what its state takes.
func runMany(ctx context.Context, o Options, server *local.ClickHouse, r *Report) (err error) {
	load := Load{Form: Protobuf, Events: o.Many, Accounts: o.Many, Once: true}
	w, err := newWorld(ctx, o, server, "many", load)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	s := newSource(load)
	for _, events := range []func(yieldEvent) error{s.history, s.events} {
		if err := w.fill(ctx, events); err != nil {
			return err
		}
	}
	line, err := w.foldAll(ctx, "g", fmt.Sprintf("fold %d accounts, one event each", o.Many), o.Many)
	if err != nil {
		return err
	}
	r.add(line)
	// What it takes to come back: one more tick is folded, written and committed.
	tick := control(event.Event{Type: event.ClockTicked, Time: start + span + event.Hour + event.Second}, 10)
	if err := w.fill(ctx, func(yield yieldEvent) error { return yield(tick) }); err != nil {
		return err
	}
	line, err = w.foldAll(ctx, "g", fmt.Sprintf("restore %d accounts and %d identities, and fold one tick; per account", o.Many, o.Many), o.Many)
	if err != nil {
		return err
	}
	r.add(line)
	return w.stateAlone(ctx, r)
}

// stateAlone folds partition 0 in this process and measures what its state keeps.
func (w *world) stateAlone(ctx context.Context, r *Report) error {
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, accounts := heap(), 0
	p := fold.Begin(w.foldConfig(0), 0)
	cost, err := w.measure(func() error {
		return w.each(ctx, 0, func(records []stream.Record) error {
			accounts += len(records)
			if err := p.Judge(records).Fold(nil); err != nil {
				return err
			}
			flush, err := p.Flush()
			if err != nil {
				return err
			}
			flush.Done()
			return nil
		})
	})
	state := float64(heap()-before) / float64(accounts)
	cost.ClickHouse, cost.Broker = 0, 0
	r.add(Line{Part: "g", Name: "state of one partition's accounts, recent identities included", Events: accounts, Cost: cost, State: state})
	runtime.KeepAlive(p)
	return err
}
