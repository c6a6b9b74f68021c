//go:build cluster && linux

package cluster

import (
	"testing"

	"runrate/consumers/store"
	"runrate/internal/stream"
)

// TestLaggard: three replicas, and the first in the list is behind, or hangs. What is read
// back is what was written, from another; a consumer goes on; one that has the progress
// and lacks the rows shows none of it; and in the end all three are equal.
func TestLaggard(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	n := startNodes(t, layout{1, 3, "per-shard"})
	must(t, "migrate", "--clickhouse="+n.address(), "--clickhouse-cluster=main")
	open := func(address string) *store.Store {
		s, err := store.Open(t.Context(), store.Options{Address: address})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	topic := stream.Subscriptions.Topic()
	shown := func(s *store.Store) uint32 {
		t.Helper()
		epoch, err := s.Epoch(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		return epoch
	}
	late := open(n.address())
	if got := shown(late); got != 0 {
		t.Fatalf("epoch %d before any", got)
	}
	n.exec(t, "s1r1", "SYSTEM STOP FETCHES")
	if err := open(n.address("s1r2", "s1r3")).SwitchEpoch(t.Context(), topic, 1, nil, "test"); err != nil {
		t.Fatal(err)
	}
	if got := n.ask(t, "s1r1", "SELECT toString(max(epoch)) FROM revenue.epoch_entries"); got != "0" {
		t.Fatalf("s1r1 is not behind: it has epoch %s", got)
	}
	if got := shown(late); got != 1 {
		t.Errorf("the epoch shown is %d, want 1, which two of three have", got)
	}
	n.exec(t, "s1r1", "SYSTEM START FETCHES")

	// Progress arrives at s1r3, rows of a window do not.
	n.exec(t, "s1r3", "SYSTEM STOP FETCHES revenue.rolling_revenue_versions")
	p := up(t, n.address())
	p.load(t)
	n.exec(t, "s1r3", "SYSTEM SYNC REPLICA revenue.progress_versions")
	if got := n.ask(t, "s1r3", "SELECT toString(min(ticked)) FROM revenue.progress_versions"); got != "1" {
		t.Fatalf("s1r3 has no progress: %q", got)
	}
	for _, view := range []string{"arr", "rolling_revenue"} {
		if got := n.ask(t, "s1r3", "SELECT toString(count()) FROM revenue."+view); got != "0" {
			t.Errorf("s1r3 shows %s rows of %s, and lacks what they are made of", got, view)
		}
	}
	n.exec(t, "s1r3", "SYSTEM START FETCHES revenue.rolling_revenue_versions")
	same(t, n)

	n.command(t, "stop", "s1r1")
	p.clickhouse = "--clickhouse=" + n.address("s1r2", "s1r3")
	p.load(t)                    // every event again
	n.command(t, "kill", "s1r1") // what hangs is started anew
	n.command(t, "start", "s1r1")
	same(t, n)
}
