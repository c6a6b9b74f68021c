package consume

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/fold"
	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/retry"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

// Rebuild folds a topic again from the beginning of its log, under a logic epoch of
// its own and so into fresh rows, while the views go on to show the old ones and
// the consumers to fold them. When it has caught up it switches the views over by
// one insert, which tells consumers where to go on: they do, by themselves. It
// returns when they have, or there are none.
//
// One that ends early leaves rows that no view shows, and keeps nothing from going
// on. Where another one is running, it returns Busy at once. What change does not
// say is as it is in the epoch shown.
func Rebuild(ctx context.Context, topic stream.Topic, reason string, change Change, o Options) error {
	l, ctx, err := o.lock(ctx, topic.Kind())
	if err == nil {
		r := rebuild{lock: l, reason: reason, logger: o.Logger.With(zap.Stringer("topic", topic))}
		if r.Options, err = o.named(ctx); err == nil {
			err = r.run(ctx, topic, change)
		}
		err = errors.Join(err, l.release())
	}
	if err != nil {
		return fmt.Errorf("rebuild %s: %w", topic, err)
	}
	return nil
}

// Change is what a rebuild makes otherwise than the epoch shown.
type Change struct {
	Definitions definitions.Wanted // those of the other topic change nothing
	// Without are control records to leave out, beside those that were left out
	// before; with WithAll those are forgotten. A place goes by the name that the topic
	// has in Kafka, or by the contract's, which stands for it.
	Without []stream.Place
	WithAll bool
	// AcceptLoss folds on though the log has lost records that were counted.
	AcceptLoss bool
}

// rebuild is one that has the lock.
type rebuild struct {
	Options
	lock   *lock
	reason string
	logger *zap.Logger
}

func (r rebuild) run(ctx context.Context, topic stream.Topic, change Change) error {
	e, err := r.open(ctx, topic, change)
	if err != nil {
		return err
	}
	handOver, err := r.catchUp(ctx, e)
	if err != nil {
		return err
	}
	return r.showIt(ctx, e, handOver)
}

// showIt switches the views to an epoch that has caught up.
func (r rebuild) showIt(ctx context.Context, e epoch, handOver map[int32]store.HandOver) error {
	if err := r.lock.write(ctx, e.Epoch, fmt.Sprintf("epoch %d, switching", e.Epoch)); err != nil { // nobody else has it
		return err
	}
	if err := retry.Steady.Do(ctx, r.logger, "switch", func(ctx context.Context) error {
		return r.Store.SwitchEpoch(ctx, e.Topic, e.Epoch, handOver, r.reason)
	}); err != nil {
		return err
	}
	r.logger.Info("rebuild is done: the views show it", zap.Uint32("epoch", e.Epoch))
	return r.handedOver(ctx, e, handOver)
}

// open claims an epoch that nobody has or had, and writes its record.
func (r rebuild) open(ctx context.Context, topic stream.Topic, change Change) (e epoch, err error) {
	err = retry.Steady.Do(ctx, r.logger, "open an epoch", func(ctx context.Context) error {
		if e, err = r.current(ctx, topic); err != nil {
			return err
		}
		shown := e.Record
		without, holes, err := r.besides(ctx, e, change)
		if err != nil {
			return err
		}
		e.definitions = change.Definitions.Over(e.definitions)
		e.Record = store.Record{Topic: topic, Kafka: shown.Kafka, Partitions: e.partitions, Exclusions: without, Gaps: holes, CopiedFrom: shown.CopiedFrom}
		if e.shards, err = r.Store.Shards(ctx); err != nil {
			return err
		}
		e.Shards = e.shards // all that there are now: a rebuild spreads the rows anew
		if e.LogIdentity, err = r.identity(ctx, topic); err != nil {
			return err
		}
		e, err = r.claim(ctx, e, shown.Epoch)
		return err
	})
	return e, err
}

// claim gives an epoch a number that nobody has or had, and writes its record.
func (r rebuild) claim(ctx context.Context, e epoch, shown uint32) (epoch, error) {
	claimed, _, err := r.lock.read(ctx)
	if err != nil {
		return e, err
	}
	last, err := r.Store.LastEpoch(ctx, e.Topic)
	if err != nil {
		return e, err
	}
	e.Epoch = max(claimed, last) + 1
	if err := r.lock.write(ctx, e.Epoch, fmt.Sprintf("epoch %d, beginning", e.Epoch)); err != nil {
		return e, err
	}
	r.logger.Info("rebuild has its epoch", zap.Uint32("epoch", e.Epoch))
	e.Rules, e.Settings, e.Reason = fold.Rules, e.settings(), r.reason
	if err := r.Store.AbandonEpochs(ctx, e.Topic, shown, e.Epoch); err != nil {
		return e, err
	}
	if err := foldings.Of(e.Topic.Kind()).define(ctx, r.Store, e.Epoch, e.definitions); err != nil {
		return e, err
	}
	return e, r.Store.OpenEpoch(ctx, e.Record)
}

// nobody is an epoch that has folded nothing.
const nobody = math.MaxUint32

// besides are the exclusions and the gaps that an epoch after the one shown has.
func (r rebuild) besides(ctx context.Context, shown epoch, change Change) (without []stream.Place, holes []store.Gap, err error) {
	logs, err := r.Client.Offsets(ctx, shown.Topic)
	if err != nil {
		return nil, nil, err
	}
	another, err := r.another(ctx, shown, logs)
	if err != nil {
		return nil, nil, err
	}
	if another { // of which nothing holds that the epoch shown says of its own
		shown = epoch{Record: store.Record{Topic: shown.Topic, Epoch: nobody}}
	}
	if without, err = r.exclusions(ctx, shown, change); err != nil {
		return nil, nil, err
	}
	holes, err = r.holes(ctx, shown, change.AcceptLoss)
	return without, holes, err
}

// catchUp folds the topic in a group of its own up to the end of the log as it is
// when it gets there, and returns where that group is.
func (r rebuild) catchUp(ctx context.Context, e epoch) (map[int32]store.HandOver, error) {
	own := fmt.Sprintf("%s.rebuild-%d", e.Topic.Kind().Group(), e.Epoch)
	folding, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	group := r.group(own, e)
	group.Halted = stop
	ended := make(chan error, 1)
	go func() {
		err := group.Run(folding)
		stop(err)
		ended <- err
	}()
	logger := r.logger.With(zap.Uint32("epoch", e.Epoch))
	err := caughtUp(folding, logger, r.told(e, func(ctx context.Context) (int64, error) { return r.behind(ctx, own, e.Topic) }))
	if err == nil {
		logger.Info("rebuild has caught up")
	}
	stop(nil) // flushes what is folded since
	if err := errors.Join(err, <-ended); err != nil {
		return nil, err
	}
	commits, err := r.Client.Committed(ctx, own, e.Topic)
	if err != nil {
		return nil, err
	}
	handOver := map[int32]store.HandOver{}
	for p, c := range commits {
		if !c.Set {
			return nil, fmt.Errorf("group %s has committed nothing of partition %d", own, p)
		}
		handOver[p] = store.HandOver{Next: c.Next, Metadata: c.Metadata}
	}
	return handOver, nil
}

// told is behind, which tells the register, too, so that others may know.
func (r rebuild) told(e epoch, behind func(context.Context) (int64, error)) func(context.Context) (int64, error) {
	told := time.Now()
	return func(ctx context.Context) (int64, error) {
		records, err := behind(ctx)
		if err != nil || time.Since(told) < reportEvery {
			return records, err
		}
		told = time.Now()
		return records, r.lock.write(ctx, e.Epoch, fmt.Sprintf("epoch %d, %d records to go", e.Epoch, records))
	}
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
	began, reported, most := time.Now(), time.Now(), int64(0)
	return retry.Poll(ctx, lookEvery, func(ctx context.Context) (bool, error) {
		records, err := behind(ctx)
		if err != nil && !fault.Passes(err) {
			return false, err
		}
		most = max(most, records)
		if time.Since(reported) >= reportEvery {
			reported = time.Now()
			fields := []zap.Field{zap.Int64("records_to_go", records), zap.Error(err)}
			if done := most - records; done > 0 && records > 0 {
				fields = append(fields, zap.Duration("eta", time.Since(began)/time.Duration(done)*time.Duration(records)))
			}
			logger.Info("rebuilding", fields...)
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
