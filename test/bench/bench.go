// Package bench measures the pipeline end to end, for `make bench-e2e`: the parts
// alone, the whole, and what a user would take instead, ClickHouse's own Kafka engine,
// all in one run and on the same topic, so that ratios hold on a noisy machine.
//
// Read Run. CPU time is given beside the time on the wall, by process, since it is
// the steadier of the two.
package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"runrate/deploy/local"
)

// Options size a run.
type Options struct {
	Dir        string // for all data and logs; the caller removes it
	Binary     string // the runrate program
	Library    string // of ClickHouse; "" looks for it
	Parts      string // which parts to run, by their letters
	Events     int    // of the topic that is full before the start
	Accounts   int
	Partitions int32
	Rates      []int         // events a second, of the part with a steady rate
	Steady     time.Duration // how long each of them
	Many       int           // accounts of the parts that have many, each with one event
	Consume    []string      // more flags for `runrate consume`
	Logger     *zap.Logger

	began time.Time
}

// A part is a section of the report.
type part struct {
	letter byte
	title  string
	run    func(ctx context.Context, o Options, server *local.ClickHouse, r *Report) error
}

// parts are all there are, in order. (a) to (e) share one topic, which is why they
// are one.
var parts = []part{
	{'a', "ceiling, parts, end to end and the peer, on one topic", runTopic},
	{'f', "from publishing to queryable, at steady rates", runSteady},
	{'g', "many accounts: state and restore", runMany},
	{'h', "history, late events, accounts", runVariants},
}

// Run runs the parts asked for. An error means that the run could not be finished, or
// that totals differ.
func Run(ctx context.Context, o Options) (*Report, error) {
	o.began = time.Now()
	server, err := local.StartClickHouse(ctx, local.Config{Dir: filepath.Join(o.Dir, "clickhouse"), Library: o.Library})
	if err != nil {
		return nil, err
	}
	defer func() { _ = server.Kill() }() // nobody reads its data any more
	report := newReport(o)
	for _, p := range parts {
		if !o.wants(p.letter) {
			continue
		}
		o.Logger.Info("part " + p.title)
		if err := p.run(ctx, o, server, report); err != nil {
			return report, errors.Join(fmt.Errorf("%s: %w", p.title, err), server.Err())
		}
	}
	report.Took = time.Since(o.began)
	return report, nil
}

func (o Options) wants(letter byte) bool {
	for i := range len(o.Parts) {
		if o.Parts[i] == letter {
			return true
		}
	}
	return o.Parts == ""
}

// runTopic measures what is alone, whole and instead, first with JSON and then
// with Protobuf.
func runTopic(ctx context.Context, o Options, server *local.ClickHouse, r *Report) error {
	for _, form := range []Form{JSON, Protobuf} {
		if err := runForm(ctx, o, server, r, form); err != nil {
			return fmt.Errorf("%s: %w", form, err)
		}
	}
	return nil
}

func runForm(ctx context.Context, o Options, server *local.ClickHouse, r *Report, form Form) (err error) {
	load := Load{Form: form, Events: o.Events, Accounts: o.Accounts}
	w, err := newWorld(ctx, o, server, string(form), load)
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
	o.Logger.Info("the topic is full", zap.String("form", string(form)), zap.Int("events", o.Events))
	steps := []func(context.Context, *world, *Report) error{fetchAlone, stages, endToEnd}
	if form == JSON {
		steps = append(steps, peer)
	}
	for _, step := range steps {
		if err := step(ctx, w, r); err != nil {
			return err
		}
	}
	return nil
}
