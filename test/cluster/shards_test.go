//go:build cluster && linux

package cluster

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// partitions of usage that a node has rows of.
const partitions = "SELECT DISTINCT toString(partition) FROM revenue.usage_event_versions WHERE epoch = (SELECT max(epoch) FROM revenue.usage_event_versions) ORDER BY partition"

// TestShards: two shards of two replicas each, whatever those are called. Rows are spread
// by their partition, each node shows all of them, and what it shows is proven.
func TestShards(t *testing.T) {
	for _, names := range []string{"per-shard", "unique"} {
		t.Run(names, func(t *testing.T) {
			if testing.Short() && names == "unique" {
				t.Skip("-short: with the usual names only")
			}
			n := startNodes(t, layout{2, 2, names})
			must(t, "migrate", "--clickhouse="+n.address("s2r2"), "--clickhouse-cluster=main")
			p := up(t, n.address())
			p.load(t)
			same(t, n)
			spread(t, n)
			if out := must(t, "report", p.clickhouse); !strings.Contains(out, "api") {
				t.Errorf("report:\n%s", out)
			}
		})
	}
}

// spread fails the test unless each of two shards has the rows of every other partition,
// and the record of each epoch shown says so.
func spread(t *testing.T, n *nodes) {
	t.Helper()
	if first, second := n.ask(t, "s1r1", partitions), n.ask(t, "s2r1", partitions); first != "0\n2" || second != "1\n3" {
		t.Errorf("partitions of usage: %q on shard 1 and %q on shard 2", first, second)
	}
	if got := n.ask(t, "s1r1", "SELECT toString(countIf(settings LIKE '%on 2 shards')) FROM revenue.epochs WHERE shown"); got != "2" {
		t.Errorf("%s of two epochs say where their rows are", got)
	}
}

// TestReshard: a shard is added. What was folded stays on the first one, and is folded on
// there; a rebuild spreads a new epoch over both, beside the consumers.
func TestReshard(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	n := startNodes(t, layout{2, 1, "per-shard"})
	must(t, "migrate", "--clickhouse="+n.address("s1r1"), "--clickhouse-cluster=solo")
	p := up(t, n.address("s1r1"))
	p.load(t)
	again := func(topic string) {
		t.Helper()
		begun := time.Now()
		must(t, "rebuild", topic, p.brokers, "--clickhouse="+n.address(), "--reason", "a shard more")
		folded := n.ask(t, "s1r1", "SELECT toString(sum(next_offset - first_offset)) FROM revenue.accounting WHERE topic = 'runrate."+topic+"'")
		t.Logf("%s folded anew, %s records: %v, all of it", topic, folded, time.Since(begun).Round(time.Second/10))
	}
	again("usage")
	if out := must(t, "migrate", "--clickhouse="+n.address("s1r1"), "--clickhouse-cluster=main"); !strings.Contains(out, "cluster main") {
		t.Errorf("migrate over two shards: %s", out)
	}
	same(t, n)
	must(t, "verify", p.brokers, p.clickhouse)
	again("usage")
	again("subscriptions")
	p.load(t) // every event again
	same(t, n)
	spread(t, n)
}

// TestKills: ten times a node is killed while events come, and sometimes the consumers and
// their broker, too. Nothing is lost or counted twice, though the memory of identities is
// so short that they are looked up.
func TestKills(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	n := startNodes(t, layout{2, 2, "per-shard"})
	must(t, "migrate", "--clickhouse="+n.address(), "--clickhouse-cluster=main")
	dir := t.TempDir()
	p := upIn(t, dir, n.address(), "--recent=1h")
	p.load(t)
	for i := range 10 {
		victim := n.Nodes[rand.IntN(len(n.Nodes))].Name
		t.Logf("kill %d: %s", i, victim)
		more := start(t, runrateBinary, p.history()...) // again, while it is down
		n.command(t, "kill", victim)
		if i%3 == 2 {
			_ = p.cmd.Process.Kill() // the broker with it: what is being published fails
			<-p.done
			p = upIn(t, dir, n.address(), "--recent=1h")
		}
		n.command(t, "start", victim)
		<-more.done
	}
	p.load(t)
	same(t, n)
	spread(t, n)
}
