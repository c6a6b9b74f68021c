package sim_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"runrate/consumers/intake"
	"runrate/internal/event"
	"runrate/schemas/definitions"
	"runrate/test/oracle"
	"runrate/test/oracle/gen"
	"runrate/test/sim"
)

// TestStatuses is TestOracle where other statuses count, from one to all that may.
func TestStatuses(t *testing.T) {
	each(t, *seeds/20, func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 13))
		names := slices.Clone(definitions.Countable[:])
		r.Shuffle(len(names), func(i, k int) { names[i], names[k] = names[k], names[i] })
		names = names[:1+r.IntN(len(names))]
		statuses, err := definitions.ParseStatuses(strings.Join(names, ","))
		if err != nil {
			t.Fatal(err)
		}
		generated := gen.Stream(seed, gen.Options{Days: []int{1, 2, 3, 2, 1, 40}[seed%6], Mix: gen.SubscriptionsOnly})
		log := generated.Log()
		keep := func(micros int64) bool { // long streams have many rows
			hour := uint64(micros / int64(event.Hour))
			return (hour+seed)%7 == 0 || hour%24 == 0
		}
		want := oracle.Compute(log, generated.Partitions, oracle.Options{Statuses: names, AsOf: keep})
		tables := &sim.Tables{}
		by := definitions.Default
		by.Statuses = statuses
		for source, records := range log {
			cut := func() sim.Cut {
				if r.IntN(20) > 0 {
					return sim.FoldOn
				}
				return sim.Cut(1 + r.IntN(3))
			}
			if err := sim.Drive(tables, sim.FoldBy(by, source, generated.Partitions, intake.DefaultMemory), records, cut); err != nil {
				t.Fatalf("seed %d: %s: %v", seed, source, err)
			}
		}
		got := tables.Views(generated.Partitions, 13, func(t event.Time) bool { return keep(int64(t)) })
		for _, name := range []string{"subscriptions", "mrr_movements", "mrr", "arr", "net_new_arr"} {
			got[name] = append([]string{}, got[name]...) // Diff passes over views that are not there
		}
		if diff := oracle.Diff(got, want); diff != "" {
			t.Errorf("seed %d, %s (- is ours, + the oracle's):\n%s", seed, statuses, diff)
		}
	})
}
