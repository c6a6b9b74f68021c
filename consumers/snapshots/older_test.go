package snapshots_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"runrate/consumers/snapshots"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
	"runrate/test/sim"
)

// TestRestoreFromAnOlderChain: a state that is older than the chain's base is found
// in a chain before it, a few chains back; one that is not is Missing.
func TestRestoreFromAnOlderChain(t *testing.T) {
	log := sim.NewLog(nil)
	labels := snapshots.Labels{Source: stream.Source{Topic: stream.Usage.Topic(), Partition: 1}}
	chain := snapshots.NewChain(labels)
	write := func(next stream.Offset, base bool) {
		t.Helper()
		if err := chain.Append(t.Context(), log, next, base, time.Now(), slices.Values([]*snapshot.Record{{}, {}})); err != nil {
			t.Fatal(err)
		}
	}
	for _, base := range []stream.Offset{100, 200, 300, 400, 500} {
		write(base, true)
		write(base+10, false)
	}
	restore := func(atMost stream.Offset) (stream.Offset, *snapshots.Chain, []int64, error) {
		t.Helper()
		p, _ := chain.Pointer()
		parsed, err := snapshots.ParsePointer(p.String())
		if err != nil {
			t.Fatal(err)
		}
		var applied []int64
		next, c, err := snapshots.Restore(t.Context(), log, labels, parsed, atMost, func(r *snapshot.Record) error {
			applied = append(applied, r.NextOffset)
			return nil
		})
		return next, c, applied, err
	}
	for _, c := range []struct {
		atMost, next stream.Offset
		applied      []int64
	}{
		{1000, 510, []int64{500, 500, 510, 510}},
		{509, 500, []int64{500, 500}},
		{499, 410, []int64{400, 400, 410, 410}},
		{405, 400, []int64{400, 400}},
		{200, 200, []int64{200, 200}},
	} {
		next, _, applied, err := restore(c.atMost)
		if err != nil || next != c.next || !slices.Equal(applied, c.applied) {
			t.Errorf("at most %d: got %d, %v, %v", c.atMost, next, applied, err)
		}
	}
	var missing *snapshots.Missing
	if _, _, applied, err := restore(199); !errors.As(err, &missing) || len(applied) > 0 || !strings.Contains(err.Error(), "runrate rebuild") {
		t.Errorf("at most 199: %v, %v", applied, err)
	}
	// What is appended after going back continues the older chain.
	_, chain, _, err := restore(305)
	if err != nil {
		t.Fatal(err)
	}
	write(307, false)
	if next, _, applied, err := restore(1000); err != nil || next != 307 || !slices.Equal(applied, []int64{300, 300, 307, 307}) {
		t.Errorf("after going back: %d, %v, %v", next, applied, err)
	}
}
