// Package consume puts the parts of a consumer together: the group's workers,
// the fold of the topic, Kafka and ClickHouse. It is what `runrate consume` and
// `runrate up` run.
package consume

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/fold"
	"runrate/consumers/intake"
	"runrate/consumers/meter"
	"runrate/consumers/store"
	"runrate/consumers/subscriptions"
	"runrate/consumers/usage"
	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/fault"
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
	// Board, if there is one, is told how the partitions of the topic do.
	Board *worker.Board
	// Meter, if there is one, counts what is done.
	Meter *meter.Meter
	// Refold makes Run fold the topic anew by itself where that was folded by other
	// rules or settings, which else halts its partitions; the views show the old
	// numbers meanwhile.
	Refold bool
	// Definitions are those that Refold is to see to, beside those of the epoch shown.
	Definitions definitions.Wanted
	Logger      *zap.Logger

	say func(context.Context) error // makes lasting what Board says, if somebody does
}

// Run folds a topic's partitions, as its consumer group assigns them to this
// process, until ctx ends. When the views are switched to another epoch it goes
// over to that one by itself. It returns an error only if it cannot begin: the
// topic or the tables are missing.
func Run(ctx context.Context, topic stream.Topic, o Options) error {
	if o.Board == nil {
		o.Board = worker.NewBoard()
	}
	o.warn(ctx, topic)
	for {
		err := o.once(ctx, topic)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the context is over: to stop when told to is no error
		case err != nil:
			return fmt.Errorf("consume %s: %w", topic, err)
		}
	}
}

// newTopic is how long a topic that a record names may be unknown: it was created
// moments ago, and what brokers and client know is seconds old.
const newTopic = 10 * time.Second

// once folds the epoch that views show until that is another one.
func (o Options) once(ctx context.Context, topic stream.Topic) error {
	told := o.Client.InKafka(topic)
	o, err := o.named(ctx)
	if err != nil {
		return err
	}
	var e epoch
	began, renamed := time.Now(), o.Client.InKafka(topic) != told
	if err := retry.Steady.Do(ctx, o.Logger, "reach Kafka and ClickHouse", func(ctx context.Context) (err error) {
		e, err = o.current(ctx, topic)
		if renamed && broker.UnknownTopic(err) && time.Since(began) < newTopic {
			err = fault.As(fault.Retry, err)
		}
		return err
	}); err != nil {
		return err
	}
	if why, other := o.outdated(e); other && o.Refold && o.refold(ctx, topic, why) {
		return nil
	}
	return o.session(ctx, e)
}

// warn says, once, what a topic's settings put at risk. It is no matter if they
// cannot be read.
func (o Options) warn(ctx context.Context, topic stream.Topic) {
	for _, t := range []stream.Topic{topic, stream.Snapshots()} {
		if warning, err := o.Client.Losing(ctx, t); err == nil && warning != "" {
			o.Logger.Warn(warning)
		}
	}
}

// session folds an epoch in the topic's own group until it is to be another one.
func (o Options) session(ctx context.Context, e epoch) error {
	ctx, end := context.WithCancel(ctx)
	says := &saying{tables: o.Store, board: o.Board, epoch: e.Epoch}
	o.say = says.now // before others look at o
	var looking sync.WaitGroup
	defer looking.Wait()
	defer end()
	looking.Go(func() {
		defer end()
		o.changed(ctx, e)
	})
	looking.Go(func() { o.speak(ctx, e, says) })
	looking.Go(func() { o.watchOld(ctx, e) })
	group := o.group(e.Topic.Kind().Group(), e)
	group.Board = o.Board
	return group.Run(ctx)
}

// group folds an epoch as a consumer group. Where nobody says how its partitions do, they
// owe nothing.
func (o Options) group(id string, e epoch) *worker.Group {
	if o.say == nil {
		o.Limits.Owe = 0
	}
	folding := foldings.Of(e.Topic.Kind())
	room := &room{client: o.Client, logger: o.Logger}
	return &worker.Group{
		ID: id, Topic: e.Topic, Config: o.Client.Config(), Client: o.Client, Session: o.Session, Logger: o.Logger,
		Worker: func(source stream.Source, now int32, member broker.Member) (*worker.Worker, error) {
			if err := e.fits(source, now); err != nil {
				return nil, err
			}
			config := worker.Config{
				Fold: fold.Config{Source: source, Partitions: e.Partitions, Memory: o.Memory, New: func() fold.Blank { return folding.blank(e.definitions) },
					Without: e.without(source.Partition), Gaps: e.gaps(source.Partition)},
				Member: member, Epoch: e.Epoch, Settings: e.Settings, Limits: o.Limits, Guard: o.guard(e, source), Board: o.Board, Say: o.say,
				Room: room, Meter: o.Meter.Of(source),
			}
			if h, ok := e.HandOver[source.Partition]; ok {
				config.HandOver = broker.Commit{Set: true, Next: h.Next, Metadata: h.Metadata}
			}
			return worker.New(config, o.Client, o.Store, o.Logger), nil
		},
	}
}

// folding is how the topics of a kind are folded.
type folding struct {
	blank func(definitions.Set) fold.Blank
	// settings are what the fold's rows depend on beside the log; they are kept
	// with its snapshots, and a worker with others refuses those.
	settings func(definitions.Set) string
	// define keeps of the definitions what belongs to an epoch of the topic.
	define func(context.Context, *store.Store, uint32, definitions.Set) error
}

var foldings = stream.ByKind(
	folding{
		blank: func(d definitions.Set) fold.Blank {
			return usage.New(usage.Config{ARRWindowDays: int(d.ARR.WindowDays), ARRMultiplier: int64(d.ARR.Multiplier)})
		},
		settings: func(d definitions.Set) string {
			return fmt.Sprintf("usage ARR = %d x %d days", d.ARR.Multiplier, d.ARR.WindowDays)
		},
		define: func(ctx context.Context, s *store.Store, epoch uint32, d definitions.Set) error {
			return s.SetDefinition(ctx, epoch, d.ARR)
		},
	},
	folding{
		blank: func(d definitions.Set) fold.Blank { return subscriptions.New(d.Statuses) },
		settings: func(d definitions.Set) string {
			if d.Statuses == definitions.DefaultStatuses { // as epochs say that were begun before there were others
				return ""
			}
			return "MRR of " + strings.Join(d.Statuses.Names(), ", ")
		},
		define: func(ctx context.Context, s *store.Store, epoch uint32, d definitions.Set) error {
			return s.SetStatuses(ctx, epoch, d.Statuses)
		},
	},
)

// definitionsOf are the definitions of an epoch of a topic; those that belong to the
// other topic have their default.
func definitionsOf(ctx context.Context, s *store.Store, kind stream.Kind, epoch uint32) (d definitions.Set, err error) {
	d = definitions.Default
	if kind == stream.Usage {
		d.ARR, err = s.Definition(ctx, epoch)
	} else {
		d.Statuses, err = s.Statuses(ctx, epoch)
	}
	return d, err
}
