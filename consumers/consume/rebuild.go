package consume

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"runrate/consumers/fold"
	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/retry"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

// Rebuild folds a topic again from the beginning of its log, under a new logic
// epoch and so into fresh rows, while the views go on to show the old ones.
// When it has caught up it takes the place of the topic's consumers: it joins
// their group, which must have no other member by then (Rebuild waits until
// they are stopped), commits where it got to, and switches the views over by one
// insert. Consumers started after that go on from there.
//
// A Rebuild that ends early leaves rows that no view shows; start another.
func Rebuild(ctx context.Context, topic stream.Topic, reason string, definition *definitions.ARR, o Options) error {
	partitions, err := o.Client.Partitions(ctx, topic)
	if err != nil {
		return err
	}
	now, err := o.Store.Epoch(ctx, topic)
	if err != nil {
		return err
	}
	used, err := o.Store.LastEpoch(ctx, topic)
	if err != nil {
		return err
	}
	number := used + 1
	if definition == nil {
		d, err := o.Store.Definition(ctx, now)
		if err != nil {
			return err
		}
		definition = &d
	}
	if foldings.Of(topic.Kind()).defined {
		if err := o.Store.SetDefinition(ctx, number, *definition); err != nil {
			return err
		}
	}
	e := epoch{Record: store.Record{Topic: topic, Epoch: number, Partitions: partitions, Rules: fold.Rules, Reason: reason}, definition: *definition, partitions: partitions}
	e.Settings = e.settings()
	if err := o.Store.OpenEpoch(ctx, e.Record); err != nil {
		return err
	}
	o.Logger.Info("rebuild begins", zap.Stringer("topic", topic), zap.Uint32("from_epoch", now), zap.Uint32("to_epoch", number))
	own := fmt.Sprintf("%s.rebuild-%d", topic.Kind().Group(), number)
	commits, err := o.catchUp(ctx, own, e)
	if err != nil {
		return fmt.Errorf("rebuild %s: %w", topic, err)
	}
	if err := o.takeOver(ctx, topic, partitions, commits, func() error {
		return o.Store.SwitchEpoch(ctx, topic, number, nil, reason)
	}); err != nil {
		return fmt.Errorf("rebuild %s: %w", topic, err)
	}
	o.Logger.Info("rebuild is done: the views show it", zap.Stringer("topic", topic), zap.Uint32("epoch", number))
	return nil
}

// catchUp folds the topic in a group of its own up to the end of the log as it
// is when it gets there, and returns what that group has committed.
func (o Options) catchUp(ctx context.Context, group string, e epoch) (map[int32]broker.Commit, error) {
	folding, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ended := make(chan error, 1)
	go func() {
		err := o.group(group, e).Run(folding)
		stop(err)
		ended <- err
	}()
	logger := o.Logger.With(zap.Stringer("topic", e.Topic))
	err := caughtUp(folding, logger, func(ctx context.Context) (int64, error) { return o.behind(ctx, group, e.Topic) })
	stop(nil) // flushes what is folded since
	if failed := <-ended; failed != nil {
		return nil, failed
	}
	if err != nil {
		return nil, err
	}
	return o.Client.Committed(ctx, group, e.Topic)
}

// How often a rebuild looks how far it is, and says so.
const (
	lookEvery   = 500 * time.Millisecond
	reportEvery = 10 * time.Second
)

// caughtUp waits until behind is 0. What cannot be read for now is unknown, not 0:
// it waits on. It is an error if waiting does not help, or if ctx ends, as it does
// when the folding fails.
func caughtUp(ctx context.Context, logger *zap.Logger, behind func(context.Context) (int64, error)) error {
	reported := time.Now()
	return retry.Poll(ctx, lookEvery, func(ctx context.Context) (bool, error) {
		records, err := behind(ctx)
		if err != nil && !fault.Passes(err) {
			return false, err
		}
		if time.Since(reported) >= reportEvery {
			reported = time.Now()
			logger.Info("rebuilding", zap.Int64("records_to_go", records), zap.Error(err))
		}
		return err == nil && records == 0, nil
	})
}

// behind is how many records of the log a group has not committed.
func (o Options) behind(ctx context.Context, group string, topic stream.Topic) (records int64, err error) {
	commits, err := o.Client.Committed(ctx, group, topic) // before the ends, or the difference may be negative
	if err != nil {
		return 0, err
	}
	ranges, err := o.Client.Offsets(ctx, topic)
	if err != nil {
		return 0, err
	}
	return toGo(commits, ranges), nil
}

// toGo is how many records of the logs are not committed. A partition without a
// commit counts one more: even an empty one has a first commit to come.
func toGo(commits map[int32]broker.Commit, logs map[int32]broker.Range) (records int64) {
	for p, log := range logs {
		next := log.First
		if c := commits[p]; c.Set {
			next = c.Next
		} else {
			records++
		}
		records += int64(log.End - next)
	}
	return records
}

// takeOver commits in the name of the topic's own group, as its only member, and
// calls between while it is.
func (o Options) takeOver(ctx context.Context, topic stream.Topic, partitions int32, commits map[int32]broker.Commit, between func() error) error {
	config := o.Client.Config()
	dialer, err := config.Dialer()
	if err != nil {
		return err
	}
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: topic.Kind().Group(), Brokers: config.Brokers, Topics: []string{topic.String()}, Dialer: dialer,
		GroupBalancers: []kafka.GroupBalancer{kafka.RangeGroupBalancer{}}, StartOffset: kafka.FirstOffset,
		HeartbeatInterval: time.Second, // so soon it is noticed that the others have left
	})
	if err != nil {
		return err
	}
	defer group.Close()
	for said := false; ; {
		generation, err := group.Next(ctx)
		if err != nil {
			return err
		}
		members, err := o.Client.Members(ctx, topic.Kind().Group())
		if err != nil {
			return err
		}
		// A consumer may be a member and have no partition.
		if members == 1 && len(generation.Assignments[topic.String()]) == int(partitions) {
			member := broker.Member{Group: topic.Kind().Group(), Generation: generation.ID, ID: generation.MemberID}
			for p, c := range commits {
				if err := o.Client.Commit(ctx, member, stream.Source{Topic: topic, Partition: p}, c.Next, c.Metadata); err != nil {
					return err
				}
			}
			return between()
		}
		if !said {
			o.Logger.Warn("caught up; waiting until the topic's consumers are stopped", zap.String("group", topic.Kind().Group()))
			said = true
		}
		// Until the others leave, or the group changes for another reason.
		generation.Start(func(ctx context.Context) { <-ctx.Done() })
	}
}
