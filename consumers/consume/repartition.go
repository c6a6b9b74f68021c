package consume

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/repartition"
	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/fault"
	"runrate/internal/retry"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// Repartitioning says how a topic is copied into one with other partitions.
type Repartitioning struct {
	Partitions int32
	Reason     string        // for the view epochs
	Still      time.Duration // how long nobody may have written to the topic
	// Copied, if there is one, is told what was copied into which topic.
	Copied func(to stream.Topic, c repartition.Counts)
	// Compared, if there is one, is told what the switch will change, before it.
	Compared func(Comparison)
}

// Moving says that somebody writes to a topic that is to stand still.
type Moving struct {
	Source   stream.Source
	From, To stream.Offset
}

func (e *Moving) Error() string {
	return fmt.Sprintf("somebody writes to %s: it went from %d to %d; stop all that publishes to the topic, the ticker too, and begin again", e.Source, e.From, e.To)
}

// Fault is fault.Setup.
func (*Moving) Fault() fault.Kind { return fault.Setup }

// Repartition copies a topic into a new one with another number of partitions, folds
// that under an epoch of its own, and switches the views and the consumers over to it.
// The topic must stand still meanwhile. It takes the lock of a rebuild, and returns
// Busy where that is held.
//
// One that ends early leaves the old topic and what is shown as they were, and a new
// topic that is of no use.
func Repartition(ctx context.Context, kind stream.Kind, change Repartitioning, o Options) error {
	l, ctx, err := o.lock(ctx, kind)
	if err == nil {
		r := rebuild{lock: l, reason: change.Reason, logger: o.Logger.With(zap.Stringer("topic", kind.Topic()))}
		if r.Options, err = o.named(ctx); err == nil {
			err = r.repartition(ctx, kind, change)
		}
		err = errors.Join(err, l.release())
	}
	if err != nil {
		return fmt.Errorf("repartition %s: %w", kind.Topic(), err)
	}
	return nil
}

func (r rebuild) repartition(ctx context.Context, kind stream.Kind, change Repartitioning) error {
	var e epoch
	if err := retry.Steady.Do(ctx, r.logger, "read the epoch", func(ctx context.Context) (err error) {
		e, err = r.current(ctx, kind.Topic())
		return err
	}); err != nil {
		return err
	}
	if e.partitions == change.Partitions && e.Partitions == change.Partitions {
		return fault.As(fault.Setup, fmt.Errorf("%s has %d partitions already", r.Client.InKafka(e.Topic), e.partitions))
	}
	before, err := r.still(ctx, e.Topic, change.Still)
	if err != nil {
		return err
	}
	to, err := r.create(ctx, e.Topic, change.Partitions)
	if err != nil {
		return err
	}
	r.reason = strings.TrimSpace(r.reason + lostBefore(e))
	of, handOver, err := r.intoNew(ctx, &e, before, to, change)
	if err != nil {
		return fmt.Errorf("%w (the new topic %s is of no use: delete it)", err, to)
	}
	return of.showIt(ctx, e, handOver)
}

// intoNew copies what the old topic holds into the new one and folds that under an epoch of
// its own, which e becomes, up to where only the switch is left: by what it returns.
func (r rebuild) intoNew(ctx context.Context, e *epoch, before map[int32]broker.Range, to stream.Topic, change Repartitioning) (rebuild, map[int32]store.HandOver, error) {
	copied, err := r.copy(ctx, *e, before, to, change)
	if err != nil {
		return r, nil, err
	}
	was, shown := r, e.Epoch
	e.Record = store.Record{Topic: e.Topic, Kafka: to.String(), Partitions: change.Partitions, Exclusions: copied.LeftOut,
		CopiedFrom: copiedFrom(r.Client.InKafka(e.Topic), before)}
	e.partitions = change.Partitions
	r.Client = r.Client.Named(r.Client.Config().Topics.With(e.Topic.Kind(), to.String()))
	if err := retry.Steady.Do(ctx, r.logger, "open an epoch", func(ctx context.Context) (err error) {
		if e.LogIdentity, err = r.identity(ctx, e.Topic); err == nil {
			*e, err = r.claim(ctx, *e, shown)
		}
		return repartition.NotYet(err)
	}); err != nil {
		return r, nil, err
	}
	handOver, err := r.catchUp(ctx, *e)
	if err != nil {
		return r, nil, err
	}
	if err := r.showChange(ctx, *e, change); err != nil {
		return r, nil, err
	}
	return r, handOver, was.unmoved(ctx, e.Topic, before)
}

// showChange shows what the switch to an epoch that has caught up will change.
func (r rebuild) showChange(ctx context.Context, e epoch, change Repartitioning) error {
	if change.Compared == nil {
		return nil
	}
	var c Comparison
	if err := retry.Steady.Do(ctx, r.logger, "compare", func(ctx context.Context) (err error) {
		c, err = r.compared(ctx, e)
		return err
	}); err != nil {
		return err
	}
	change.Compared(c)
	return nil
}

// lostBefore says in words what the epoch before has lost, since its offsets mean
// nothing in the new one.
func lostBefore(e epoch) string {
	var lost int64
	for _, g := range e.Gaps {
		lost += int64(g.To - g.From)
	}
	if lost == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d records were lost before, see epoch %d)", lost, e.Epoch)
}

// copiedFrom is where the old topic ended.
func copiedFrom(topic stream.Topic, logs map[int32]broker.Range) *store.CopiedFrom {
	from := &store.CopiedFrom{Topic: topic.String(), Ends: map[int32]stream.Offset{}}
	for p, log := range logs {
		from.Ends[p] = log.End
	}
	return from
}

// still makes sure that a topic stands still for so long, and returns what it holds.
func (r rebuild) still(ctx context.Context, topic stream.Topic, long time.Duration) (map[int32]broker.Range, error) {
	before, err := r.holds(ctx, topic)
	if err != nil {
		return nil, err
	}
	if err := r.say(ctx, "looking whether the topic stands still"); err != nil {
		return nil, err
	}
	r.logger.Info("looking whether the topic stands still", zap.Duration("for", long))
	select {
	case <-time.After(long):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	return before, r.unmoved(ctx, topic, before)
}

// say tells the register what is being done.
func (r rebuild) say(ctx context.Context, what string) error {
	claimed, _, err := r.lock.read(ctx)
	if err != nil {
		return err
	}
	return r.lock.write(ctx, claimed, "repartition: "+what)
}

// holds is what a topic's logs hold.
func (r rebuild) holds(ctx context.Context, topic stream.Topic) (logs map[int32]broker.Range, err error) {
	err = retry.Steady.Do(ctx, r.logger, "read the ends of the log", func(ctx context.Context) (err error) {
		logs, err = r.Client.Offsets(ctx, topic)
		return err
	})
	return logs, err
}

// unmoved makes sure that a topic is as it was.
func (r rebuild) unmoved(ctx context.Context, topic stream.Topic, before map[int32]broker.Range) error {
	now, err := r.holds(ctx, topic)
	if err != nil {
		return err
	}
	for p, log := range now {
		if was := before[p]; log != was {
			return &Moving{stream.Source{Topic: r.Client.InKafka(topic), Partition: p}, was.End, log.End}
		}
	}
	if len(now) != len(before) {
		return fmt.Errorf("topic %s had %d partitions, then %d", topic, len(before), len(now))
	}
	return nil
}

// create creates the topic of the next version that does not exist.
func (r rebuild) create(ctx context.Context, like stream.Topic, partitions int32) (to stream.Topic, err error) {
	stem, version := versioned(r.Client.InKafka(like).String())
	err = retry.Steady.Do(ctx, r.logger, "create the new topic", func(ctx context.Context) error {
		for {
			version++
			to = like.Kind().Named(fmt.Sprintf("%s.v%d", stem, version))
			if _, err := r.Client.Partitions(ctx, to); err == nil {
				continue // of an earlier attempt
			} else if _, missing := errors.AsType[*broker.NoTopic](err); !missing {
				return err
			}
			if err := r.Client.Create(ctx, to, partitions, like); !broker.Exists(err) {
				return errors.Join(err, r.Client.Grow(ctx, stream.Snapshots(), partitions))
			}
		}
	})
	if err == nil {
		r.logger.Info("created the new topic", zap.Stringer("new", to), zap.Int32("partitions", partitions))
	}
	return to, err
}

// versioned parts a topic's name into its stem and its version: "a.v2" is of version 2,
// and "a" of 1.
func versioned(name string) (stem string, version int) {
	if i := strings.LastIndex(name, ".v"); i > 0 {
		if n, err := strconv.Atoi(name[i+2:]); err == nil && n > 1 {
			return name[:i], n
		}
	}
	return name, 1
}

// copy copies what the old topic holds, and makes sure that it stood still.
func (r rebuild) copy(ctx context.Context, e epoch, holds map[int32]broker.Range, to stream.Topic, change Repartitioning) (repartition.Counts, error) {
	inForce := map[stream.Place][]stream.Record{}
	for _, g := range e.Gaps {
		inForce[stream.Place{Source: stream.Source{Topic: e.Topic, Partition: g.Partition}, Offset: g.To}] = controls(g.InForce)
	}
	told := time.Now()
	counts, err := repartition.Copy(ctx, r.Client, repartition.Options{
		From: e.Topic, Ranges: maps.Clone(holds), Folded: min(e.Partitions, int32(len(holds))), Without: e.Exclusions, InForce: inForce, //nolint:gosec // a topic has few partitions
		To: to, Partitions: change.Partitions, Logger: r.logger,
		Progress: func(done, all int64) {
			if time.Since(told) >= reportEvery {
				told = time.Now()
				r.logger.Info("copying", zap.Int64("records", done), zap.Int64("of", all))
			}
		},
	})
	if err == nil {
		err = r.unmoved(ctx, e.Topic, holds)
	}
	if err == nil && change.Copied != nil {
		change.Copied(to, counts)
	}
	return counts, err
}

// controls are the control records that set what was in force.
func controls(inForce []rows.Control) (records []stream.Record) {
	for _, c := range inForce {
		e := event.Event{Source: "runrate/repartition", ID: c.Kind + "-" + c.Time.String(), Time: c.Time}
		switch c.Kind {
		case rows.BookSet:
			e.Type, e.PriceBook = event.PricebookPublished, []byte(c.Payload)
		case rows.RatesSet:
			e.Type, e.Rates = event.RatesPublished, []byte(c.Payload)
		case rows.ClockSet:
			e.Type, e.Jump = event.ClockTicked, true
		default:
			continue
		}
		records = append(records, stream.Record{Time: int64(c.Recorded), Value: e.AppendJSON(nil)})
	}
	return records
}
