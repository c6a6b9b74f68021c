package consume

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"runrate/consumers/fold"
	"runrate/consumers/store"
	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/retry"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

// epoch is a folding of a topic: its record, and what it is folded with now,
// which must be the same.
type epoch struct {
	store.Record
	definitions definitions.Set
	partitions  int32 // that the topic has now
	shards      int   // that ClickHouse has now
}

// named is with a client by which the input topics are called what the epochs that
// views show are folded from.
func (o Options) named(ctx context.Context) (Options, error) {
	err := retry.Steady.Do(ctx, o.Logger, "read what the topics are called", func(ctx context.Context) error {
		names, err := o.Store.Names(ctx, o.Client.Config().Topics)
		if err == nil {
			o.Client = o.Client.Named(names)
		}
		return err
	})
	return o, err
}

// current is the epoch that views show. The first consumer of a topic opens its
// first one, with the partitions that the topic has then.
func (o Options) current(ctx context.Context, topic stream.Topic) (e epoch, err error) {
	if e.partitions, err = o.Client.Partitions(ctx, topic); err != nil {
		return e, err
	}
	shown, err := o.Store.Epoch(ctx, topic)
	if err != nil {
		return e, err
	}
	if e.definitions, err = definitionsOf(ctx, o.Store, topic.Kind(), shown); err != nil {
		return e, err
	}
	opened := false
	if e.Record, opened, err = o.Store.Record(ctx, topic, shown); err != nil {
		return e, err
	}
	if e.shards, err = o.Store.Shards(ctx); err != nil || opened {
		return e, err
	}
	e.Kafka = o.Client.InKafka(topic).String()
	e.Shards = e.shards
	e.Partitions, e.Rules, e.Settings, e.Reason = e.partitions, fold.Rules, e.settings(), "the first consumer began"
	if e.LogIdentity, err = o.identity(ctx, topic); err != nil {
		return e, err
	}
	return e, o.Store.OpenEpoch(ctx, e.Record)
}

// settings are those that it is folded with now. What it leaves out is one of them, and
// over how many shards its rows are spread, so that no program folds it on that does not
// know of exclusions, or of shards.
func (e epoch) settings() string {
	settings := foldings.Of(e.Topic.Kind()).settings(e.definitions)
	if len(e.Exclusions) > 0 {
		settings = strings.TrimPrefix(settings+"; ", "; ") + "without " + e.LeftOut()
	}
	return store.WithShards(settings, e.Shards)
}

// without is what is left out of a partition.
func (e epoch) without(partition int32) (offsets []stream.Offset) {
	for _, p := range e.Exclusions {
		if p.Partition == partition {
			offsets = append(offsets, p.Offset)
		}
	}
	return offsets
}

// gaps are those of a partition.
func (e epoch) gaps(partition int32) (gaps []fold.Gap) {
	for _, g := range e.Gaps {
		if g.Partition == partition {
			gaps = append(gaps, fold.Gap{From: g.From, To: g.To, InForce: g.InForce})
		}
	}
	return gaps
}

// fits returns why the epoch cannot be folded on as things are now, nil if it can.
func (e epoch) fits(source stream.Source, partitions int32) error {
	halted := func(reason worker.Reason, format string, args ...any) error {
		return &worker.Halted{Reason: reason, Source: source, Err: fmt.Errorf(format, args...)}
	}
	switch {
	case partitions != e.Partitions:
		return halted(worker.PartitionsChanged, "%s has %d partitions and epoch %d was folded with %d: accounts have moved, so no state is whole, and nothing more is written; "+
			"Kafka cannot take partitions away again: stop what publishes, and copy the topic into one with the partitions that are wanted by `runrate repartition %s --partitions %d`",
			e.Topic, partitions, e.Epoch, e.Partitions, e.Topic.Kind(), partitions)
	case store.Misplaced(e.Shards, e.shards) != nil:
		return halted(worker.Placement, "epoch %d: %w: bring the servers of all its shards back into the cluster, or fold the topic anew with `runrate rebuild %s`",
			e.Epoch, store.Misplaced(e.Shards, e.shards), e.Topic.Kind())
	case e.Rules != fold.Rules:
		return halted(worker.RulesChanged, "epoch %d was folded by the rules %d and this program folds by %d: refold it with `runrate rebuild %s`, or go on with the program that folded it",
			e.Epoch, e.Rules, fold.Rules, e.Topic.Kind())
	case e.Settings != e.settings():
		return halted(worker.SettingsChanged, "epoch %d was folded with %q and the settings are %q now: set them back, or refold it with `runrate rebuild %s`",
			e.Epoch, e.Settings, e.settings(), e.Topic.Kind())
	}
	return nil
}

// guard returns what a worker calls before it writes: partitions that were added
// halt it. A topic that is gone is the worker's own to see.
func (o Options) guard(e epoch, source stream.Source) func(context.Context) error {
	return func(ctx context.Context) error {
		partitions, err := o.Client.Partitions(ctx, source.Topic)
		var gone *broker.NoTopic
		if errors.As(err, &gone) {
			return nil
		}
		if err != nil {
			return err
		}
		return e.fits(source, partitions)
	}
}

// minds is how often a consumer looks whether it still folds what it should.
const minds = 2 * time.Second

// changed returns once the views show another epoch of the topic, a gap was accepted
// in this one, or the topic has other partitions. What cannot be read is looked at again.
func (o Options) changed(ctx context.Context, e epoch) {
	for {
		select {
		case <-time.After(minds):
		case <-ctx.Done():
			return
		}
		if shown, err := o.Store.Epoch(ctx, e.Topic); err == nil && shown > e.Epoch {
			return
		}
		if gaps, err := o.Store.CountGaps(ctx, e.Topic, e.Epoch); err == nil && gaps != len(e.Gaps) {
			return
		}
		if partitions, err := o.Client.Partitions(ctx, e.Topic); err == nil && partitions != e.partitions {
			return
		}
	}
}
