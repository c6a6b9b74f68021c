package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"

	"runrate/internal/stream"
)

// Kind is what is done to which part.
type Kind string

// The kinds of kills. All but zombie and the door that hangs are SIGKILL.
const (
	killConsumer      Kind = "consumer"
	killConsumers     Kind = "all consumers"
	killClickHouse    Kind = "clickhouse"
	killBroker        Kind = "broker"
	killBoth          Kind = "broker and clickhouse"
	zombie            Kind = "zombie" // a consumer is stopped beyond its session, and goes on
	killRebuild       Kind = "rebuild"
	killRepartition   Kind = "repartition" // after the stream, as all that follow
	withinRepartition Kind = "within a repartition"
	killDoor          Kind = "door"
	killDoorAndBroker Kind = "door and broker"
	hangDoor          Kind = "door hangs"
	withinRebuild     Kind = "within a rebuild" // a consumer, the broker or ClickHouse, and the rebuild is done all the same
)

// weights are how often each kind comes.
var weights = []weight{{killConsumer, 40}, {killConsumers, 6}, {killClickHouse, 20}, {killBroker, 20}, {killBoth, 4}, {zombie, 10}, {killRebuild, 8}, {withinRebuild, 6}}

// weight is how often a kind comes.
type weight struct {
	kind   Kind
	weight int
}

// Kill is one of them, and how long it took until all that was published by
// then, and a little after, was folded, written and committed.
type Kill struct {
	Kind    Kind
	Recover time.Duration
	Cascade bool // the next one did not wait for this one to be over
}

type killer struct {
	parts     *parts
	publisher *publisher
	watch     *watch
	random    *rand.Rand
	log       *zap.Logger
}

// run kills n times, spread over the stream.
func (k *killer) run(ctx context.Context, n int) ([]Kill, error) {
	kills := make([]Kill, 0, n)
	total := len(k.publisher.entries)
	share := func(i, part int) int { return total * (5*i + part) / (5 * n) }
	if err := k.watch.wait(ctx, k.publisher.allow(share(0, 1)), settleBound); err != nil {
		return nil, err
	}
	type pending struct {
		index int
		at    time.Time
		*waiter
	}
	var open []pending
	for i := range n {
		k.publisher.allow(share(i, 3))
		if err := pause(ctx, time.Duration(k.random.IntN(600))*time.Millisecond); err != nil { // in the midst of it
			return kills, err
		}
		kind := k.kind(weights)
		cascade := k.random.IntN(4) == 0 && i < n-1
		k.log.Info("kill", zap.Int("number", i+1), zap.String("kind", string(kind)), zap.Bool("cascade", cascade))
		at := time.Now()
		target := k.publisher.allow(share(i, 5))
		if err := k.kill(ctx, kind); err != nil {
			return kills, fmt.Errorf("kill %d, %s: %w", i+1, kind, err)
		}
		kills = append(kills, Kill{Kind: kind, Cascade: cascade})
		open = append(open, pending{i, at, k.watch.expect(target)})
		if cascade {
			continue
		}
		for _, p := range open {
			when, err := p.when(ctx, k.watch, settleBound)
			if err != nil {
				return kills, fmt.Errorf("kill %d, %s: %w", p.index+1, kills[p.index].Kind, err)
			}
			kills[p.index].Recover = when.Sub(p.at)
			k.log.Info("recovered", zap.Int("number", p.index+1), zap.Duration("after", when.Sub(p.at)))
		}
		open = open[:0]
	}
	return kills, nil
}

// kind draws one.
func (k *killer) kind(of []weight) Kind {
	total := 0
	for _, w := range of {
		total += w.weight
	}
	n := k.random.IntN(total)
	for _, w := range of {
		if n -= w.weight; n < 0 {
			return w.kind
		}
	}
	panic("weights")
}

// kill does it, and starts again what it killed after a short pause.
func (k *killer) kill(ctx context.Context, kind Kind) error {
	p := k.parts
	victim := k.random.IntN(len(p.consumers))
	away := time.Duration(k.random.IntN(1000)) * time.Millisecond
	switch kind {
	case killConsumer:
		return p.restartConsumers(ctx, away, victim)
	case killConsumers:
		all := make([]int, len(p.consumers))
		for i := range all {
			all[i] = i
		}
		return p.restartConsumers(ctx, away, all...)
	case killClickHouse:
		return p.restartClickHouse(ctx, away)
	case killBroker:
		return p.restartBroker(ctx, away)
	case killBoth:
		if err := p.broker.Kill(); err != nil {
			return err
		}
		if err := p.restartClickHouse(ctx, away); err != nil {
			return err
		}
		return p.startBroker(ctx)
	case zombie:
		return p.suspend(ctx, victim, session+away)
	case killRebuild:
		r, err := p.rebuild(k.topic())
		if err != nil {
			return err
		}
		err = pause(ctx, 3*away)
		r.kill()
		return err
	case withinRebuild:
		return k.throughRebuild(ctx, away)
	case killDoor, killDoorAndBroker:
		return p.killDoor(ctx, away, kind == killDoorAndBroker)
	case hangDoor:
		return p.hangDoor(ctx, away)
	}
	return fmt.Errorf("no such kind")
}

func (k *killer) topic() stream.Kind {
	return stream.Kinds()[k.random.IntN(len(stream.Kinds()))]
}

// throughRebuild begins a rebuild, kills another part, and begins it again until it is
// done.
func (k *killer) throughRebuild(ctx context.Context, away time.Duration) error {
	topic := k.topic()
	r, err := k.parts.rebuild(topic)
	if err != nil {
		return err
	}
	defer func() { r.kill() }()
	if err := pause(ctx, away); err != nil {
		return err
	}
	if err := k.kill(ctx, []Kind{killConsumer, killClickHouse, killBroker}[k.random.IntN(3)]); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, settleBound)
	defer cancel()
	for {
		done, err := r.wait(bounded)
		if done || err != nil {
			return err
		}
		if err := pause(bounded, time.Second); err != nil {
			return err
		}
		if r, err = k.parts.rebuild(topic); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
