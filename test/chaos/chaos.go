// Package chaos runs the pipeline as separate processes, the real binary among
// them, kills them at random while a generated stream is published, and then
// holds every row of every view against the oracle.
//
// Read Run. A seed decides the stream and the order and kinds of the kills; what
// a process is doing when it is killed is up to the machine.
package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"

	"runrate/internal/lag"
	"runrate/internal/stream"
	"runrate/test/oracle"
	"runrate/test/oracle/gen"
)

// Options size a run. The zero value of a field but Dir and Binary stands for
// its default.
type Options struct {
	Dir       string // for all data and logs; the caller removes it
	Binary    string // the runrate program
	Library   string // of ClickHouse; "" looks for it
	Seed      uint64
	Kills     int // 100
	Records   int // of the stream: 150 for each kill
	Consumers int // processes: 3
	// Repartitions are how many times both topics are repartitioned in the end, with a kill
	// within each: one for 20 kills, and one at least.
	Repartitions int
	Logger       *zap.Logger
}

// partitions of each topic.
const partitions = 4

// session is the consumers' session timeout: much shorter than in real use,
// where every kill of a consumer would cost ten seconds.
const session = 2 * time.Second

func (o Options) withDefaults() Options {
	if o.Kills == 0 {
		o.Kills = 100
	}
	if o.Records == 0 {
		o.Records = 150 * o.Kills
	}
	if o.Consumers == 0 {
		o.Consumers = 3
	}
	if o.Repartitions == 0 {
		o.Repartitions = max(1, o.Kills/20)
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	return o
}

// mix has fewer control records than gen's own: each of them goes to all
// partitions, and would be most of the stream.
var mix = gen.Mix{Usage: 36, Adjustment: 8, Subscription: 26, Duplicate: 8, Refused: 9,
	Limit: 5, Tick: 3, SkewedTick: 1, BackwardsTick: 1, Book: 1}

// Run publishes the stream and kills parts until both are done, waits until
// everything is folded, and compares. An error means that the run could not be
// finished; what it found is in the report.
func Run(ctx context.Context, o Options) (*Report, error) {
	o = o.withDefaults()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	began := time.Now()
	generated := gen.Stream(o.Seed, gen.Options{Records: o.Records, Partitions: partitions, Mix: mix, Days: 30})
	entries := fromZero(generated.Entries)

	parts, err := startParts(ctx, o, cancel)
	if err != nil {
		return nil, err
	}
	defer parts.stop()
	client, err := parts.client()
	if err != nil {
		return nil, err
	}
	defer client.Close()

	publisher := newPublisher(client, entries, o.Seed)
	watch := newWatch(client)
	failed := func(what string, run func(context.Context) error) {
		if err := run(ctx); err != nil && ctx.Err() == nil {
			cancel(fmt.Errorf("%s: %w", what, err))
		}
	}
	go failed("publish", publisher.run)
	go failed("watch the commits", watch.run)
	killer := &killer{parts: parts, publisher: publisher, watch: watch, log: o.Logger,
		random: rand.New(rand.NewPCG(o.Seed, 0x6b696c6c))}
	report := &Report{Seed: o.Seed, Records: len(entries)}
	if report.Kills, err = killer.run(ctx, o.Kills); err != nil {
		return report, fmt.Errorf("%w\n%s", cause(ctx, err), parts.lastWords())
	}
	if err := watch.wait(ctx, publisher.allow(len(entries)), settleBound); err != nil {
		return report, fmt.Errorf("after the last kill: %w\n%s", cause(ctx, err), parts.lastWords())
	}
	settle, done := context.WithTimeout(ctx, settleBound)
	defer done()
	if err := lag.Settle(settle, client, stream.Inputs(), nil); err != nil {
		return report, cause(ctx, fmt.Errorf("after the last kill: %w", err))
	}
	report.Took = time.Since(began)
	if err := report.examine(ctx, parts, logOf(entries), partitions); err != nil || !report.OK() {
		return report, err
	}
	log, n, err := killer.repartition(ctx, o.Repartitions, report)
	if err != nil {
		return report, fmt.Errorf("%w\n%s", cause(ctx, err), parts.lastWords())
	}
	return report, report.examine(ctx, parts, log, n)
}

// examine takes down what the parts said of themselves, and holds their views
// against the oracle's.
func (r *Report) examine(ctx context.Context, parts *parts, log oracle.Log, partitions int32) error {
	var err error
	if r.Stopped, err = parts.complaints(); err != nil {
		return err
	}
	parts.mu.Lock()
	r.Aborts = parts.aborts
	parts.mu.Unlock()
	got, err := parts.views(ctx)
	if err != nil {
		return cause(ctx, err)
	}
	want := oracle.Compute(log, partitions, oracle.Options{AsOf: sample.Keep})
	for _, name := range oracle.Names {
		r.Rows += len(want[name])
	}
	r.Differences = oracle.Diff(got, want)
	return nil
}

// settleBound is how long recovery from one kill may take.
const settleBound = 2 * time.Minute

// cause is why ctx ended, if it did, instead of what came of that.
func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil {
		return c
	}
	return err
}
