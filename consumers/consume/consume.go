// Package consume puts the parts of a consumer together: the group's workers,
// the fold of the topic, Kafka and ClickHouse. It is what `runrate consume` and
// `runrate up` run.
package consume

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/fold"
	"runrate/consumers/intake"
	"runrate/consumers/store"
	"runrate/consumers/subscriptions"
	"runrate/consumers/usage"
	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/retry"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

// Options are what a consumer runs with.
type Options struct {
	Client *broker.Client
	Store  *store.Store
	Memory intake.Memory
	Limits worker.Limits
	// Session is after how long without a heartbeat a process counts as gone; 0
	// stands for worker.DefaultSession.
	Session time.Duration
	Logger  *zap.Logger
}

// Run folds a topic's partitions, as its consumer group assigns them to this
// process, until ctx ends. It returns an error only if it cannot begin: the
// topic or the tables are missing.
func Run(ctx context.Context, topic stream.Topic, o Options) error {
	var (
		partitions int32
		epoch      uint32
		definition definitions.ARR
	)
	if err := retry.Steady.Do(ctx, o.Logger, "reach Kafka and ClickHouse", func(ctx context.Context) (err error) {
		if partitions, err = o.Client.Partitions(ctx, topic); err != nil {
			return err
		}
		if epoch, err = o.Store.Epoch(ctx, topic); err != nil {
			return err
		}
		if definition, err = o.Store.Definition(ctx, epoch); err != nil {
			return err
		}
		record, err := o.record(ctx, topic, epoch, partitions, definition)
		partitions = record.Partitions
		return err
	}); err != nil {
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the context is over: to stop when told to is no error
		}
		return fmt.Errorf("consume %s: %w", topic, err)
	}
	return o.group(topic.Kind().Group(), topic, partitions, epoch, definition).Run(ctx)
}

// record is that of an epoch of a topic, which is opened if it is not yet.
func (o Options) record(ctx context.Context, topic stream.Topic, epoch uint32, partitions int32, definition definitions.ARR) (store.Record, error) {
	r, ok, err := o.Store.Record(ctx, topic, epoch)
	if ok || err != nil {
		return r, err
	}
	r = store.Record{Topic: topic, Epoch: epoch, Partitions: partitions, Rules: fold.Rules, Settings: foldings.Of(topic.Kind()).settings(definition), Reason: "the first"}
	return r, o.Store.OpenEpoch(ctx, r)
}

// group folds a topic as a consumer group under an epoch.
func (o Options) group(id string, topic stream.Topic, partitions int32, epoch uint32, definition definitions.ARR) *worker.Group {
	folding := foldings.Of(topic.Kind())
	return &worker.Group{
		ID: id, Topic: topic, Config: o.Client.Config(), Client: o.Client, Session: o.Session, Logger: o.Logger,
		Worker: func(source stream.Source, now int32, member broker.Member) (*worker.Worker, error) {
			if now != partitions {
				return nil, fmt.Errorf("%s has %d partitions now and had %d: accounts have moved, so no state is whole; "+
					"make a new topic with %d partitions and refold it with `runrate rebuild`", topic, now, partitions, now)
			}
			config := worker.Config{
				Fold:   fold.Config{Source: source, Partitions: partitions, Memory: o.Memory, New: func() fold.Blank { return folding.blank(definition) }},
				Member: member, Epoch: epoch, Settings: folding.settings(definition), Limits: o.Limits,
			}
			return worker.New(config, o.Client, o.Store, o.Logger), nil
		},
	}
}

// folding is how the topics of a kind are folded.
type folding struct {
	blank func(d definitions.ARR) fold.Blank
	// settings are what the fold's rows depend on beside the log; they are kept
	// with its snapshots, and a worker with others refuses those.
	settings func(d definitions.ARR) string
	defined  bool // whether a definition is one of them, so that an epoch has its own
}

var foldings = stream.ByKind(
	folding{
		blank: func(d definitions.ARR) fold.Blank {
			return usage.New(usage.Config{ARRWindowDays: int(d.WindowDays), ARRMultiplier: int64(d.Multiplier)})
		},
		settings: func(d definitions.ARR) string {
			return fmt.Sprintf("usage ARR = %d x %d days", d.Multiplier, d.WindowDays)
		},
		defined: true,
	},
	folding{
		blank:    func(definitions.ARR) fold.Blank { return subscriptions.New() },
		settings: func(definitions.ARR) string { return "" },
	},
)
