// Package stack runs the whole pipeline in one process, for `runrate up`: an
// embedded broker and ClickHouse (package local) or those at given addresses,
// the schema, the topics, a consumer of each topic, the ticker, and an HTTP
// server that says when all of it is ready.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"runrate/consumers/consume"
	"runrate/consumers/intake"
	"runrate/consumers/meter"
	"runrate/consumers/store"
	"runrate/consumers/worker"
	"runrate/internal/admin"
	"runrate/internal/broker"
	"runrate/internal/page"
	"runrate/internal/stream"
	"runrate/producers/gateway"
	"runrate/producers/gateway/keys"
	"runrate/producers/tick"
	chschema "runrate/schemas/clickhouse"
	"runrate/schemas/definitions"
)

// Options say what to run and where.
type Options struct {
	DataDir   string
	Listen    string // host:port of the HTTP server
	KafkaPort int    // 0 takes a free one, as do the two below
	HTTPPort  int
	TCPPort   int
	Library   string // of ClickHouse; "" looks for it

	Brokers       string // not empty: use these instead of an embedded broker
	UseClickHouse bool   // use ClickHouse.Address instead of an embedded one
	Kafka         broker.Config
	ClickHouse    store.Options

	Partitions  int32
	Replication int
	NoTicker    bool
	TickEvery   time.Duration
	Definitions definitions.Wanted // what is nil stays as it is in ClickHouse

	Keys   *keys.File           // of those who may send events by HTTP; nil: anybody who reaches Listen
	Traces trace.TracerProvider // of the door's requests; nil makes none

	Memory intake.Memory
	Limits worker.Limits
	Admin  *admin.Server // where metrics are shown; nil shows none
	Logger *zap.Logger
	Out    io.Writer // told the addresses, once

	Cluster string // of ClickHouse, that shall hold the tables; "" the one that has them

	Version string // of the program
}

// startBound is how long a part has to start.
const startBound = 2 * time.Minute

// Run starts everything, in order, and runs it until ctx ends, which is no
// error, not even while it starts; then it stops the consumers, the broker and
// ClickHouse, in that order.
func Run(ctx context.Context, o Options) error {
	err := run(ctx, o, starts{startClickHouse, startBroker, consume.Run})
	if err != nil && ctx.Err() != nil {
		o.Logger.Info("stopped while starting", zap.Error(err))
		return nil //nolint:nilerr // the context is over: to stop when told to is no error
	}
	return err
}

// starts are how the parts are started. ClickHouse and the broker may say later, by
// cancel, that they failed; a consumer runs until ctx ends.
type starts struct {
	clickhouse, broker func(ctx context.Context, o Options, cancel context.CancelCauseFunc) (part, error)
	consumer           func(ctx context.Context, topic stream.Topic, o consume.Options) error
}

func run(ctx context.Context, o Options, start starts) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	web, err := listen(o.Listen, o.Logger)
	if err != nil {
		return err
	}
	defer web.close()
	o.Listen = web.address // the port that it got

	server, err := start.clickhouse(ctx, o, cancel)
	if err != nil {
		return err
	}
	defer server.stop()
	kafka, err := start.broker(ctx, o, cancel)
	if err != nil {
		return err
	}
	defer kafka.stop()

	tables, err := prepareTables(ctx, o, server.address)
	if err != nil {
		return err
	}
	defer tables.Close()
	plain, err := prepareTopics(ctx, o, kafka.brokers)
	if err != nil {
		return err
	}
	defer plain.Close()
	names, err := tables.Names(ctx, o.Kafka.Topics)
	if err != nil {
		return err
	}
	client := plain.Named(names) // what the epochs are folded from; the ticker writes there
	reader, err := openReader(ctx, o, server)
	if err != nil {
		return err
	}
	defer reader.Close()
	o.page(ctx, reader).Register(web.mux)

	var running sync.WaitGroup
	defer running.Wait() // before the parts that they use are stopped
	defer cancel(nil)
	boards := o.begin(ctx, client, tables, start.consumer, func(run func() error) {
		running.Go(func() {
			if err := run(); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		})
	})
	web.take(gateway.New(gateway.Options{Log: client, Keys: o.Keys, Outlook: Outlook(ctx, tables, o.Logger), Logger: o.Logger, Metrics: o.metrics(), Traces: o.Traces}))
	defer web.finish() // before what it writes to is stopped
	web.ready(reachable(tables, client, boards), func() []string { return halted(boards) })
	o.announce(kafka, server)

	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	o.Logger.Info("stopping")
	return nil
}

// begin begins a consumer of each topic and the ticker, each by start, which does not
// wait; the boards are where the consumers say how their partitions are.
func (o Options) begin(ctx context.Context, client *broker.Client, tables *store.Store,
	consumer func(context.Context, stream.Topic, consume.Options) error, start func(run func() error)) (boards []*worker.Board) {
	var counts *meter.Meter
	if o.Admin != nil {
		counts = meter.New(o.Admin.Registry)
	}
	for _, topic := range stream.Inputs() {
		options := consume.Options{Client: client, Store: tables, Memory: o.Memory, Limits: o.Limits, Logger: o.Logger, Board: worker.NewBoard(),
			Meter: counts, Refold: true, Definitions: o.Definitions}
		boards = append(boards, options.Board)
		start(func() error { return consumer(ctx, topic, options) })
	}
	o.show(boards)
	if o.Admin != nil {
		start(func() error { return o.watch(ctx, client, tables) })
	}
	if !o.NoTicker {
		start(func() error { return o.ticker(client).Run(ctx) })
	}
	return boards
}

// page shows the numbers, as a reader sees them.
func (o Options) page(ctx context.Context, reader *store.Store) *page.Page {
	return page.New(ctx, page.Options{Open: page.Opened(reader.Conn()), Database: reader.Database(), History: o.NoTicker, Version: o.Version})
}

// ticker writes the clock.
func (o Options) ticker(client *broker.Client) tick.Ticker {
	t := tick.Ticker{Client: client, Interval: o.TickEvery, Log: o.Logger}
	if o.Admin != nil {
		t.Ticked, t.Loop = tick.Gauge(o.Admin.Registry), o.Admin.Loop
	}
	if o.Brokers == "" { // a broker of this process has its clock
		t.BrokerTime = func(context.Context) (time.Time, error) { return time.Now(), nil }
	}
	return t
}

// announce tells the addresses, also the one of the admin listener.
func (o Options) announce(kafka, server part) {
	fmt.Fprintf(o.Out, "runrate is up\n  Kafka             %s\n  ClickHouse native %s\n", kafka.brokers, store.Redact(server.address))
	if server.http != "" {
		fmt.Fprintf(o.Out, "  ClickHouse HTTP   http://%s\n", server.http)
	}
	fmt.Fprintf(o.Out, "  the numbers       http://%s/ in a browser\n", o.Listen)
	fmt.Fprintf(o.Out, "  events, HTTP      POST http://%s/v1/events\n", o.Listen)
	if o.Admin != nil {
		fmt.Fprintf(o.Out, "  metrics           http://%s/metrics\n", o.Admin.Address())
	}
	fmt.Fprintf(o.Out, "  ready when        http://%s/readyz answers 200\n", o.Listen)
}

// prepareTables brings ClickHouse to the schema.
func prepareTables(ctx context.Context, o Options, address string) (*store.Store, error) {
	bounded, cancel := context.WithTimeout(ctx, startBound)
	defer cancel()
	o.ClickHouse.Address = address
	tables, err := store.Open(bounded, o.ClickHouse)
	if err != nil {
		return nil, err
	}
	done, err := tables.Migrate(bounded, o.Cluster)
	if silent, ok := errors.AsType[*chschema.Silent](err); ok && silent.Current {
		o.Logger.Warn("the schema is this program's, and is left as it is: `runrate migrate` makes views again, and tables that a server lacks", zap.Error(err))
		err = nil
	}
	if err == nil {
		o.Logger.Info("schema is up to date", zap.Strings("applied", done.Applied))
		err = define(bounded, tables, o.Definitions)
	}
	if err != nil {
		tables.Close()
		return nil, err
	}
	return tables, nil
}

// define sets the definitions that are wanted before anything is folded by them. What is
// folded already is folded anew (consume.Options.Refold).
func define(ctx context.Context, tables *store.Store, d definitions.Wanted) error {
	if d.ARR != nil {
		if err := defineOf(ctx, tables, stream.Usage.Topic(), *d.ARR, tables.Definition, tables.SetDefinition); err != nil {
			return err
		}
	}
	if d.Statuses != nil {
		return defineOf(ctx, tables, stream.Subscriptions.Topic(), *d.Statuses, tables.Statuses, tables.SetStatuses)
	}
	return nil
}

// definition is one of an epoch of a topic.
type definition interface {
	comparable
	Check() error
}

// defineOf sets one definition of a topic's epoch that nobody has opened yet.
func defineOf[D definition](ctx context.Context, tables *store.Store, topic stream.Topic, d D,
	get func(context.Context, uint32) (D, error), set func(context.Context, uint32, D) error) error {
	if err := d.Check(); err != nil {
		return err
	}
	epoch, err := tables.Epoch(ctx, topic)
	if err != nil {
		return err
	}
	known, err := get(ctx, epoch)
	if err != nil || known == d {
		return err
	}
	_, opened, err := tables.Record(ctx, topic, epoch)
	if err != nil || opened {
		return err
	}
	return set(ctx, epoch, d)
}

// prepareTopics makes sure of the topics.
func prepareTopics(ctx context.Context, o Options, brokers string) (*broker.Client, error) {
	var err error
	if o.Kafka.Brokers, err = broker.ParseBrokers(brokers); err != nil {
		return nil, err
	}
	client, err := broker.Open(o.Kafka)
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, startBound)
	defer cancel()
	if err := client.EnsureTopics(bounded, o.Partitions, o.Replication); err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}

// dir is a part's own directory.
func (o Options) dir(part string) string { return filepath.Join(o.DataDir, part) }
