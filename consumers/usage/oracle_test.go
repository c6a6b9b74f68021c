package usage_test

import (
	"flag"
	"math/rand/v2"
	"testing"

	"runrate/consumers/intake"
	"runrate/consumers/usage"
	"runrate/consumers/worker"
	"runrate/internal/event"
	"runrate/internal/oracle"
	"runrate/internal/oracle/gen"
	"runrate/internal/sim"
	"runrate/internal/stream"
)

var (
	seeds = flag.Int("seeds", 1500, "streams to compare with the oracle")
	seed  = flag.Uint64("seed", 0, "replay one stream")
)

// usageViews are the views that the usage fold alone decides.
var usageViews = []string{"usage_events", "usage_hourly", "rolling_revenue", "active_accounts"}

// TestOracle holds the fold against a naive recomputation of every view, over
// generated streams cut into batches, restarted and crashed at random.
func TestOracle(t *testing.T) {
	if *seed != 0 {
		compare(t, *seed)
		return
	}
	for s := uint64(1); s <= uint64(*seeds) && !t.Failed(); s++ {
		compare(t, s)
	}
}

func compare(t *testing.T, seed uint64) {
	t.Helper()
	options := gen.Options{Mix: gen.UsageOnly, Days: 2}
	switch seed % 10 {
	case 0:
		options.Days = 75 // long enough for accounts to leave and come back
	case 1, 2:
		options.Days = 0 // drawn
	}
	stream0 := gen.Stream(seed, options)
	log := stream0.Log()
	// One boundary in seven, another seventh for each seed, and all of one day
	// in ten: long streams have millions of rows, and every one has its turn.
	keep := func(micros int64) bool {
		hour := uint64(micros / int64(event.Hour))
		return (hour+seed)%7 == 0 || (hour/24+seed)%10 == 0
	}
	want := oracle.Compute(log, stream0.Partitions, oracle.Options{AsOf: keep})
	tables := fold(t, seed, log, stream0.Partitions)
	views := tables.Views(stream0.Partitions, 13, func(t event.Time) bool { return keep(int64(t)) })
	got := oracle.Views{}
	for _, name := range usageViews {
		got[name] = views[name]
	}
	for _, name := range []string{"dead_letters", "accounting", "freshness"} {
		got[name] = ofUsage(views[name])
		want[name] = ofUsage(want[name])
	}
	if diff := oracle.Diff(got, want); diff != "" {
		t.Errorf("seed %d (replay with -seed %d; got -, want +):\n%s", seed, seed, diff)
	}
	if len(tables.Conflicts) > 0 {
		t.Errorf("seed %d (replay with -seed %d): a key and version with two contents: %s", seed, seed, tables.Conflicts[0])
	}
}

// fold folds all usage partitions, cut at random as the seed says.
func fold(t *testing.T, seed uint64, log oracle.Log, partitions int32) *sim.Tables {
	t.Helper()
	tables := &sim.Tables{}
	r := rand.New(rand.NewPCG(seed, 7))
	for p := range partitions {
		source := stream.Source{Topic: stream.UsageTopic, Partition: p}
		// Small memories send most identities to the look-up.
		memory := intake.Memory{Recent: event.Time(r.IntN(4)) * event.Hour, Most: 3 + r.IntN(50)}
		config := usage.Config{Source: source, Memory: memory, ARRWindowDays: 28, ARRMultiplier: 13}
		often := 2 + r.IntN(30)
		cut := func() sim.Cut {
			if r.IntN(often) > 0 {
				return sim.FoldOn
			}
			return sim.Cut(1 + r.IntN(3))
		}
		err := sim.Drive(tables, func() worker.Fold { return usage.New(config) }, source, partitions, log[source], cut)
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, source, err)
		}
	}
	return tables
}

func ofUsage(rows []string) (out []string) {
	for _, row := range rows {
		if len(row) > len(stream.UsageTopic) && row[:len(stream.UsageTopic)+1] == stream.UsageTopic+"\t" {
			out = append(out, row)
		}
	}
	return out
}
