//go:build cluster && linux

package cluster

import (
	"errors"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"runrate/consumers/store"
	"runrate/schemas/definitions"
)

// TestPair: a pair of replicas holds the same numbers, which are proven, and each of
// the two has all of them.
func TestPair(t *testing.T) {
	n := startNodes(t, layout{1, 2, "per-shard"})
	must(t, "migrate", "--clickhouse="+n.address(), "--clickhouse-cluster=main")
	p := up(t, n.address())
	p.load(t)
	same(t, n)
}

// TestOneReplica: a table of one replica, as a cluster has it that will grow, takes
// rows. Its quorum is no majority, which the server would wait for in vain.
func TestOneReplica(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	n := startNodes(t, layout{1, 1, "per-shard"})
	must(t, "migrate", "--clickhouse="+n.address(), "--clickhouse-cluster=main")
	p := up(t, n.address())
	p.load(t)
	same(t, n)
}

// TestReplicaDown: with one of a pair gone nothing counts as written, and the server's
// own words say why, before the client gives up on it. --clickhouse-quorum 1 goes on.
func TestReplicaDown(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	n := startNodes(t, layout{1, 2, "per-shard"})
	must(t, "migrate", "--clickhouse="+n.address(), "--clickhouse-cluster=main")
	n.command(t, "kill", "s1r2")
	define := func(replicas int) error {
		s, err := store.Open(t.Context(), store.Options{Address: n.address("s1r1"), Timeout: 24 * time.Second, Quorum: replicas})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return s.SetDefinition(t.Context(), 0, definitions.ARR{WindowDays: 30, Multiplier: 12})
	}
	err := define(0)
	if _, said := errors.AsType[*clickhouse.Exception](err); !said {
		t.Errorf("a pair with one dead: %v, want what the server says of its quorum", err)
	}
	if err := define(1); err != nil {
		t.Errorf("one replica is enough: %v", err)
	}
}

// same fails the test unless every node shows the same numbers, and some.
func same(t *testing.T, n *nodes) {
	t.Helper()
	const numbers = "SELECT toString(count()), toString(max(as_of)), toString(sum(arr)) FROM revenue.arr"
	within(t, "all nodes show the same", func() bool {
		first := n.ask(t, n.Nodes[0].Name, numbers)
		for _, node := range n.Nodes[1:] {
			if n.ask(t, node.Name, numbers) != first {
				return false
			}
		}
		return n.ask(t, n.Nodes[0].Name, "SELECT toString(count() > 10) FROM revenue.arr") == "1"
	})
}
