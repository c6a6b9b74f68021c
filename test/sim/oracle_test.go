package sim_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"runrate/consumers/intake"
	"runrate/internal/event"
	"runrate/internal/stream"
	"runrate/test/oracle"
	"runrate/test/oracle/gen"
	"runrate/test/sim"
)

var (
	seeds = flag.Int("seeds", 600, "streams to compare with the oracle; make test-long compares 2000")
	seed  = flag.Uint64("seed", 0, "replay one stream")
)

// each runs a check on every seed, or on the one of -seed, on all processors.
func each(t *testing.T, count int, check func(t *testing.T, seed uint64)) {
	if *seed != 0 {
		check(t, *seed)
		return
	}
	const shards = 4
	for shard := range shards {
		t.Run(fmt.Sprint(shard), func(t *testing.T) {
			t.Parallel()
			for s := shard + 1; s <= count && !t.Failed(); s += shards {
				check(t, uint64(s))
			}
		})
	}
}

// generate draws a stream: mostly of two days, some of months, so that accounts
// leave and come back; of usage, of subscriptions, or of both; half of them with
// transaction markers and aborted records in between.
func generate(seed uint64) gen.Generated {
	options := gen.Options{Days: 2, Skipped: seed%4 < 2, Forms: seed%5 < 2, Mix: []gen.Mix{gen.DefaultMix, gen.UsageOnly, gen.SubscriptionsOnly}[seed%3]}
	switch seed % 10 {
	case 0:
		options.Days = 75
	case 1, 2:
		options.Days = 0 // drawn
	}
	return gen.Stream(seed, options)
}

// TestOracle holds the folds against a naive recomputation of every view, over
// generated streams that are cut into batches, restarted and crashed at random.
func TestOracle(t *testing.T) {
	each(t, *seeds, func(t *testing.T, seed uint64) {
		generated := generate(seed)
		log := generated.Log()
		// One boundary in seven, another seventh for each seed, and all of one
		// day in ten: long streams have millions of rows, and all get a turn.
		keep := func(micros int64) bool {
			hour := uint64(micros / int64(event.Hour))
			return (hour+seed)%7 == 0 || (hour/24+seed)%10 == 0
		}
		want := oracle.Compute(log, generated.Partitions, oracle.Options{AsOf: keep})
		tables := fold(t, seed, log, generated.Partitions)
		got := tables.Views(generated.Partitions, 13, func(t event.Time) bool { return keep(int64(t)) })
		for _, name := range oracle.Names {
			if _, ok := got[name]; !ok && !slices.Contains(oracle.Converted, name) {
				got[name] = nil // Diff passes over views that are not there
			}
		}
		if diff := oracle.Diff(got, want); diff != "" {
			t.Errorf("seed %d (replay with -seed %d; - is ours, + the oracle's):\n%s", seed, seed, diff)
		}
		known(t, seed, log, generated.Partitions, tables)
		if len(tables.Conflicts) > 0 {
			t.Errorf("seed %d (replay with -seed %d): a key and version with two contents: %s", seed, seed, tables.Conflicts[0])
		}
	})
}

// TestCutsDoNotShow: the same log, cut into other batches and restarted
// elsewhere, ends in the same rows under the same versions.
func TestCutsDoNotShow(t *testing.T) {
	each(t, *seeds/5, func(t *testing.T, seed uint64) {
		generated := generate(seed)
		log := generated.Log()
		a := fold(t, seed, log, generated.Partitions)
		b := fold(t, seed+1_000_000, log, generated.Partitions)
		if diff := a.Diff(b); diff != "" {
			t.Errorf("seed %d (replay with -seed %d): %s", seed, seed, diff)
		}
	})
}

// fold folds all partitions of both topics, cut at random as the seed says.
func fold(t *testing.T, seed uint64, log oracle.Log, partitions int32) *sim.Tables {
	t.Helper()
	tables := &sim.Tables{}
	r := rand.New(rand.NewPCG(seed, 7))
	for _, topic := range stream.Inputs() {
		for p := range partitions {
			source := stream.Source{Topic: topic, Partition: p}
			// Small memories send most identities to the look-up.
			memory := intake.Memory{Recent: event.Time(r.IntN(4)) * event.Hour, Most: 3 + r.IntN(50)}
			often := 2 + r.IntN(30)
			cut := func() sim.Cut {
				if r.IntN(often) > 0 {
					return sim.FoldOn
				}
				return sim.Cut(1 + r.IntN(3))
			}
			if err := sim.Drive(tables, sim.Fold(source, partitions, memory), log[source], cut); err != nil {
				t.Fatalf("seed %d: %s: %v", seed, source, err)
			}
		}
	}
	return tables
}
