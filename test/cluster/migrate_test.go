//go:build cluster && linux

package cluster

import (
	"strings"
	"testing"
)

// tables are those of a node, with engine and path.
const tables = "SELECT name, engine_full FROM system.tables WHERE database = 'revenue' ORDER BY name"

// TestMigrate: migrate makes the same tables on every host, those of a host that is new
// or has a new disk, too; it knows the cluster again without the flag, whichever host it
// asks; and it refuses, before it makes anything, a host that is down or hangs, and a
// table that is not the same everywhere.
func TestMigrate(t *testing.T) {
	n := startNodes(t, layout{1, 2, "per-shard"})
	one, two := "--clickhouse="+n.address("s1r1"), "--clickhouse="+n.address("s1r2")
	refused := func(saying []string, args ...string) {
		t.Helper()
		r := runrate(t, append([]string{"migrate"}, args...)...)
		for _, s := range saying {
			if r.code == 0 || !strings.Contains(r.err, s) {
				t.Errorf("migrate %q: exit %d, want a refusal with %q\n%s%s", args, r.code, s, r.out, r.err)
			}
		}
	}
	same := func(after string) {
		t.Helper()
		if first, second := n.ask(t, "s1r1", tables), n.ask(t, "s1r2", tables); first != second || !strings.Contains(first, "ReplicatedReplacing") {
			t.Errorf("%s: s1r1 has\n%s\ns1r2 has\n%s", after, first, second)
		}
	}
	n.command(t, "stop", "s1r2")
	refused([]string{"do not answer: " + n.address("s1r2") + ";"}, one, "--clickhouse-cluster=main")
	if got := n.ask(t, "s1r1", "SELECT toString(count()) FROM system.databases WHERE name = 'revenue'"); got != "0" {
		t.Error("a migrate that was refused made the database")
	}
	n.command(t, "kill", "s1r2") // what hangs is started anew
	n.command(t, "start", "s1r2")
	must(t, "migrate", one, "--clickhouse-cluster={cluster}")
	same("migrate")
	n.exec(t, "s1r2", "DROP DATABASE revenue SYNC") // as a host that is new
	must(t, "migrate", one)
	same("a new host")

	n.exec(t, "s1r1", "INSERT INTO revenue.topics (topic, partitions) SETTINGS insert_quorum = 2 VALUES ('kept', 3)")
	n.command(t, "kill", "s1r2")
	refused([]string{"do not answer: " + n.address("s1r2") + ";"}, one)
	n.command(t, "wipe", "s1r2")
	n.command(t, "start", "s1r2")
	if out := must(t, "migrate", two); !strings.Contains(out, n.address("s1r2")+" lacked ") { // which has nothing, and knows no flag
		t.Errorf("a new disk: %s", out)
	}
	same("a new disk")
	n.exec(t, "s1r2", "SYSTEM SYNC REPLICA revenue.topics")
	if got := n.ask(t, "s1r2", "SELECT topic FROM revenue.topics"); got != "kept" {
		t.Errorf("a new disk has the rows %q", got)
	}
	refused([]string{"on the cluster main, not on solo"}, one, "--clickhouse-cluster=solo")

	n.exec(t, "s1r2", "DROP TABLE revenue.control_versions SYNC")
	n.exec(t, "s1r2", "CREATE TABLE revenue.control_versions (a UInt8) ENGINE = MergeTree ORDER BY a")
	refused([]string{n.address("s1r2") + " has the table control_versions on its own", "MergeTree"}, one)
	n.exec(t, "s1r2", "DROP TABLE revenue.control_versions SYNC")
	n.exec(t, "s1r2", "CREATE TABLE revenue.control_versions (a UInt8) ENGINE = ReplicatedMergeTree('/elsewhere', '{replica}') ORDER BY a")
	refused([]string{n.address("s1r1"), n.address("s1r2"), "different tables control_versions", "/elsewhere"}, two)
}
