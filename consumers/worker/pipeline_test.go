package worker_test

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"runrate/consumers/intake"
	"runrate/consumers/store"
	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
	chschema "runrate/schemas/clickhouse"
	"runrate/test/chaos/readback"
	"runrate/test/localtest"
	"runrate/test/oracle"
	"runrate/test/oracle/gen"
	"runrate/test/sim"
)

// pipeline is both topics, of one partition each, folded into a real ClickHouse
// from a log in memory.
type pipeline struct {
	t        *testing.T
	database string
	direct   *store.Store // to ClickHouse itself
	tables   *store.Store // what the workers use
	log      *sim.Log
	all      oracle.Log // what will be in the log
	fed      map[stream.Source]int
	logs     *observer.ObservedLogs
	logger   *zap.Logger
	limits   worker.Limits // of a batch

	stop  func() // the workers of the last start
	mu    sync.Mutex
	ended map[stream.Source]error // those that did
}

var memory = intake.Memory{Recent: event.Hour, Most: 20}

// smallBatches make many flushes of few records.
var smallBatches = worker.Limits{Records: 15, Bytes: 1 << 20, Every: 20 * time.Millisecond, Fetch: 3000}

// bound is how long anything may take on a busy machine.
const bound = 90 * time.Second

// newPipeline folds a generated stream into the ClickHouse at address, by way of
// another address if via is not empty.
func newPipeline(t *testing.T, seed uint64, records int, address, database, via string) *pipeline {
	t.Helper()
	p := &pipeline{t: t, database: database, fed: map[stream.Source]int{}, limits: smallBatches}
	open := func(address string, timeout time.Duration) *store.Store {
		s, err := store.Open(t.Context(), store.Options{Address: address, Database: database, Timeout: timeout})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	p.direct = open(address, bound) // the test's own statements, on a busy machine
	p.tables = open(cmp.Or(via, address), 2*time.Second)
	if _, err := chschema.Migrate(t.Context(), p.direct.Conn(), chschema.Options{Database: p.direct.Database()}); err != nil {
		t.Fatal(err)
	}
	p.all = gen.Stream(seed, gen.Options{Records: records, Partitions: 1, Days: 2}).Log()
	empty := map[stream.Source][]stream.Record{}
	for source, records := range p.all {
		for i := range records { // offsets from 0
			records[i].Offset = stream.Offset(i)
		}
		empty[source] = nil
		if err := p.direct.OpenEpoch(t.Context(), store.Record{Topic: source.Topic, Partitions: 1}); err != nil {
			t.Fatal(err)
		}
	}
	p.log = sim.NewLog(empty)
	var core zapcore.Core
	core, p.logs = observer.New(zapcore.InfoLevel)
	p.logger = zap.New(core)
	return p
}

// onShared is a pipeline into the test binary's ClickHouse, through a proxy.
func onShared(t *testing.T, seed uint64, records int) (*pipeline, *proxy) {
	t.Helper()
	address := localtest.ClickHouse(t).TCPAddr()
	through := newProxy(t, address)
	return newPipeline(t, seed, records, address, localtest.Database(t), through.addr()), through
}

// feed appends records until a share of the stream, in tenths, is in the log.
func (p *pipeline) feed(tenths int) {
	p.t.Helper()
	for source, records := range p.all {
		end := len(records) * tenths / 10
		for ; p.fed[source] < end; p.fed[source]++ {
			r := records[p.fed[source]]
			if _, err := p.log.Append(p.t.Context(), source.Topic, source.Partition, []broker.Message{{Key: r.Key, Value: r.Value}}); err != nil {
				p.t.Fatal(err)
			}
		}
	}
}

// start starts a worker of each topic.
func (p *pipeline) start() {
	ctx, cancel := context.WithCancel(p.t.Context())
	var running sync.WaitGroup
	p.mu.Lock()
	p.ended = map[stream.Source]error{}
	p.mu.Unlock()
	for source := range p.all {
		config := worker.Config{Fold: sim.Fold(source, 1, memory), Member: p.log.Join(group + source.Topic.String()),
			Limits: p.limits}
		w := worker.New(config, p.log, p.tables, p.logger)
		running.Go(func() {
			err := w.Run(ctx)
			p.mu.Lock()
			defer p.mu.Unlock()
			p.ended[source] = err
		})
	}
	p.stop = func() {
		cancel()
		running.Wait()
	}
}

// end stops the workers, none of which must have given up.
func (p *pipeline) end() {
	p.t.Helper()
	p.stop()
	for source := range p.all {
		if err := p.gaveUp(source); err != nil {
			p.t.Errorf("%s: %v", source, err)
		}
	}
}

// gaveUp is why a worker ended, nil if it runs or was stopped.
func (p *pipeline) gaveUp(source stream.Source) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended[source]
}

// until waits for something to become true.
func (p *pipeline) until(what string, reached func() bool) {
	p.t.Helper()
	deadline := time.Now().Add(bound)
	for !reached() {
		if time.Now().After(deadline) {
			for _, e := range p.logs.All() {
				p.t.Log(e.Level, e.Message, e.ContextMap())
			}
			p.t.Fatalf("not within %s: %s", bound, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// settle waits until all that was fed is committed.
func (p *pipeline) settle() {
	p.t.Helper()
	p.until("everything is committed", func() bool {
		for source := range p.all {
			c, err := p.log.Committed(p.t.Context(), group+source.Topic.String(), source.Topic)
			if err != nil || c[source.Partition].Next != stream.Offset(p.fed[source]) {
				return false
			}
		}
		return true
	})
}

// said counts the log entries that contain a text.
func (p *pipeline) said(text string) int {
	n := 0
	for _, e := range p.logs.All() {
		if strings.Contains(e.Message, text) {
			n++
		}
	}
	return n
}

// exec runs a statement on ClickHouse itself; {db} is the database.
func (p *pipeline) exec(statement string) {
	p.t.Helper()
	if err := p.direct.Conn().Exec(p.t.Context(), strings.ReplaceAll(statement, "{db}", p.database)); err != nil {
		p.t.Fatalf("%s: %v", statement, err)
	}
}

// compare holds all views against the oracle.
func (p *pipeline) compare() {
	p.t.Helper()
	p.compareSome(1)
}

// compareSome is compare for a sample of the as_of.
func (p *pipeline) compareSome(sample readback.Sample) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), bound)
	defer cancel()
	got, err := readback.Views(ctx, p.direct.Conn(), p.direct.Database(), sample)
	if err != nil {
		p.t.Fatal(err)
	}
	fed := oracle.Log{}
	for source, records := range p.all {
		fed[source] = records[:p.fed[source]]
	}
	if diff := oracle.Diff(got, oracle.Compute(fed, 1, oracle.Options{AsOf: sample.Keep})); diff != "" {
		p.t.Errorf("the views differ from the oracle (- missing, + too many):\n%s", diff)
	}
}

// tenths is how much of the stream is in the log.
func (p *pipeline) tenths() int {
	least := 10
	for source, records := range p.all {
		least = min(least, p.fed[source]*10/max(len(records), 1))
	}
	return least
}
