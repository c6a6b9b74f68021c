package sim_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"runrate/internal/event"
	"runrate/test/oracle"
	"runrate/test/sim"
)

// known holds arr_as_known to the oracle, as of midnights of the last weeks and known by
// later ones, both drawn; and known after all that is folded, where it is arr.
func known(t *testing.T, seed uint64, log oracle.Log, partitions int32, tables *sim.Tables) {
	t.Helper()
	latest := event.Time(oracle.Latest(log, partitions))
	asKnown := oracle.AsKnown(log, partitions, oracle.Options{})
	r := rand.New(rand.NewPCG(seed, 11))
	for range 2 {
		asOf := latest - event.Time(r.IntN(40))*event.Day
		if asOf <= 0 {
			continue
		}
		for _, knownOn := range []event.Time{asOf + event.Time(r.IntN(38))*event.Day, event.MaxTime} {
			want := asKnown(int64(asOf), int64(knownOn))
			if got := tables.AsKnown(partitions, 13, asOf, knownOn); !slices.Equal(got, want) {
				t.Errorf("seed %d (replay with -seed %d): arr as of %s, known on %s:\n%s\nwant:\n%s", seed, seed, asOf, knownOn, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
}
