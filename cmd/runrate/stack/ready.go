package stack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"runrate/consumers/store"
	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/lag/history"
	"runrate/internal/lag/monitor"
	"runrate/internal/stream"
	"runrate/internal/views/freshness"
)

// metrics are where the parts of this process show theirs; nil where nobody asks.
func (o Options) metrics() prometheus.Registerer {
	if o.Admin == nil {
		return nil
	}
	return o.Admin.Registry
}

// show makes the admin listener tell how the consumers are.
func (o Options) show(boards []*worker.Board) {
	if o.Admin == nil {
		return
	}
	o.Admin.Registry.MustRegister(worker.Halts(boards))
	for _, b := range boards {
		o.Admin.Alive(b.Alive)
	}
	o.Admin.Ready(func(context.Context) error {
		var all error
		for _, b := range boards {
			all = errors.Join(all, b.Ready())
		}
		return all
	}, func() []string { return halted(boards) })
}

// watch watches the consumers from outside, on the admin listener, until ctx ends.
func (o Options) watch(ctx context.Context, client *broker.Client, tables *store.Store) error {
	m := monitor.New(monitor.Options{
		Client: client, History: o.NoTicker, Cluster: "kafka", Logger: o.Logger, Round: o.Admin.Loop("the monitor", time.Minute),
		Said: func(ctx context.Context) ([]freshness.Partition, error) {
			return freshness.Read(ctx, tables.Conn(), tables.Database())
		},
		Epochs: func(ctx context.Context) ([]freshness.Epoch, error) {
			return freshness.Epochs(ctx, tables.Conn(), tables.Database())
		},
		Keep: func(ctx context.Context, all []monitor.Reading) error {
			return history.Write(ctx, tables.Conn(), tables.Database(), history.Name(), all)
		},
		Recall: func(ctx context.Context) ([]monitor.Reading, error) {
			return history.Read(ctx, tables.Conn(), tables.Database())
		},
	}, o.Admin.Registry)
	o.Admin.Handle("GET /v1/lag", m)
	return m.Run(ctx)
}

// reachable checks that ClickHouse and Kafka answer, and that not every partition is halted.
func reachable(tables *store.Store, client *broker.Client, boards worker.Halts) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := tables.Ping(ctx); err != nil {
			return err
		}
		if _, err := client.Partitions(ctx, stream.Usage.Topic()); err != nil {
			return err
		}
		return boards.All()
	}
}

// halted are the partitions that are, each with its reason and the way out.
func halted(boards []*worker.Board) (sentences []string) {
	for _, b := range boards {
		for _, s := range b.Halts() {
			sentences = append(sentences, fmt.Sprintf("%s is halted (%s): %s", s.Source, s.Reason, s.Detail))
		}
	}
	return sentences
}
