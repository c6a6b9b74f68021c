package worker_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/fold"
	"runrate/consumers/intake"
	"runrate/consumers/meter"
	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/lag"
	"runrate/internal/stream"
	"runrate/test/oracle/gen"
	"runrate/test/sim"
)

var (
	seed      = flag.Uint64("seed", 0, "replay one schedule")
	schedules = flag.Int("schedules", 3000, "schedules of TestSchedules")
)

// world is one partition of one topic, with its Kafka and its ClickHouse.
type world struct {
	source stream.Source
	log    *sim.Log
	tables *sim.Tables
	limits worker.Limits
	memory intake.Memory
	gaps   []fold.Gap
}

const group = "group"

// newWorld is a world with the records of a generated stream; every other seed has
// transactions in it, and two of three owe what late events change for a while.
func newWorld(seed uint64, topic stream.Topic, records int) *world {
	mix := gen.UsageOnly
	if topic.Kind() == stream.Subscriptions {
		mix = gen.SubscriptionsOnly
	}
	mix.WrongTick = 0 // a jump makes windows by the year, which crash no differently
	generated := gen.Stream(seed, gen.Options{Records: records, Partitions: 1, Mix: mix, Days: 1, Skipped: seed%2 == 1})
	source := stream.Source{Topic: topic}
	return &world{
		source: source,
		log:    sim.NewLog(map[stream.Source][]stream.Record{source: generated.Log()[source]}),
		tables: &sim.Tables{},
		limits: worker.Limits{Records: 12, Bytes: 1 << 20, Every: time.Second, Fetch: 2000, Owe: time.Duration(seed%3) * 2 * time.Second},
		memory: intake.Memory{Recent: event.Hour, Most: 10},
	}
}

// like is the same log with nothing folded.
func (w *world) like(seed uint64, records int) *world {
	fresh := newWorld(seed, w.source.Topic, records)
	fresh.limits, fresh.memory = w.limits, w.memory
	return fresh
}

// member is a worker of a generation, all of whose I/O goes through seam.
func (w *world) member(m broker.Member, seam *sim.Seam) *worker.Worker {
	return w.memberIn(m, seam, nil, nil)
}

// memberIn is member, with what it knows of the snapshot log's retention, and what counts.
func (w *world) memberIn(m broker.Member, seam *sim.Seam, room worker.Room, counts *meter.Partition) *worker.Worker {
	config := worker.Config{Fold: sim.Fold(w.source, 1, w.memory), Member: m, Limits: w.limits, Room: room, Meter: counts}
	config.Fold.Gaps = w.gaps
	return worker.New(config, seam, seam, zap.NewNop())
}

// done says whether the whole log is committed, and nothing is owed.
func (w *world) done() bool { return w.reached() && !w.commit().Owes() }

// reached says whether the whole log is committed.
func (w *world) reached() bool {
	r, _ := w.log.Range(context.Background(), w.source)
	c := w.commit().Commit
	return c.Set && c.Next == r.End
}

// commit is the partition's, as lag sees it.
func (w *world) commit() lag.Partition {
	c, _ := w.log.Committed(context.Background(), group, w.source.Topic)
	return lag.Partition{Source: w.source, Commit: c[w.source.Partition]}
}

// live runs one worker, in a generation of its own, until all is committed or
// it dies, and returns why it died. It must run in a synctest bubble.
func (w *world) live(seam *sim.Seam) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- w.member(w.log.Join(group), seam).Run(ctx) }()
	for {
		select {
		case err := <-ended:
			return err
		case <-time.After(100 * time.Millisecond): // virtual
			if w.done() {
				cancel()
				return <-ended
			}
		}
	}
}

// finish starts workers until one has committed everything, and fails the test
// if one stops for another reason than a crash. It returns how many it took.
func (w *world) finish(t *testing.T, plan func(life, call int, name string) sim.Fault) (lives int) {
	t.Helper()
	for life := 0; !w.done(); life++ {
		if life > 200 {
			t.Fatal("200 workers did not get to the end")
		}
		lives++
		err := w.live(&sim.Seam{Log: w.log, Tables: w.tables, Plan: func(call int, name string) sim.Fault {
			if plan == nil {
				return sim.None
			}
			return plan(life, call, name)
		}})
		if err != nil && !errors.Is(err, sim.ErrCrashed) {
			t.Fatalf("life %d: %v", life, err)
		}
	}
	return lives
}

// same fails the test if the two worlds' tables differ in a row or version.
func same(t *testing.T, what string, got, want *world) {
	t.Helper()
	if len(got.tables.Conflicts) > 0 {
		t.Errorf("%s: a key and version with two contents: %s", what, got.tables.Conflicts[0])
	}
	if diff := got.tables.Diff(want.tables); diff != "" {
		t.Errorf("%s: right is an undisturbed run: %s", what, diff)
	}
}

// undisturbed is the world folded without a fault, and the calls that took.
func undisturbed(t *testing.T, w *world) (*world, []string) {
	t.Helper()
	seam := &sim.Seam{Log: w.log, Tables: w.tables}
	if err := w.live(seam); err != nil {
		t.Fatal(err)
	}
	return w, seam.Points()
}

// worlds are the undisturbed worlds of the last seed, by topic.
type worlds struct {
	seed uint64
	of   map[stream.Topic]*world
}

// get is the undisturbed world of a stream. It must not run in a synctest bubble.
func (known *worlds) get(t *testing.T, seed uint64, topic stream.Topic, records int) *world {
	t.Helper()
	if known.seed != seed || known.of == nil {
		known.seed, known.of = seed, map[stream.Topic]*world{}
	}
	if known.of[topic] == nil {
		synctest.Test(t, func(t *testing.T) { known.of[topic], _ = undisturbed(t, newWorld(seed, topic, records)) })
	}
	return known.of[topic]
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 11)) }
