package stack

import (
	"context"
	"errors"
	"fmt"

	"runrate/consumers/store"
	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/stream"
)

// show makes the admin listener tell how the consumers are.
func (o Options) show(boards []*worker.Board) {
	if o.Admin == nil {
		return
	}
	o.Admin.Registry.MustRegister(worker.Halts(boards))
	o.Admin.Ready(func(context.Context) error {
		var all error
		for _, b := range boards {
			all = errors.Join(all, b.Ready())
		}
		return all
	}, func() []string { return halted(boards) })
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
