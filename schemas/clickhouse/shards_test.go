package chschema

import (
	"io/fs"
	"strings"
	"testing"
)

// TestOverShards: over shards each view reads the tables of all of them, and what every
// server has whole as it is.
func TestOverShards(t *testing.T) {
	spread := 0
	for _, name := range viewOrder {
		text, err := fs.ReadFile(Files, "views/"+strings.TrimSuffix(name, now)+".sql")
		if err != nil {
			t.Fatal(err)
		}
		list, err := render(name, string(text), Options{Database: parsed(t, "d"), Cluster: "c", shards: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range versioned.FindAllStringSubmatch(list[0], -1) {
			table, over := strings.CutPrefix(m[1], Spread)
			if over == everywhere[table] {
				t.Errorf("view %s reads %s", name, m[1])
			}
			if over {
				spread++
			}
		}
	}
	if spread < 20 {
		t.Errorf("%d tables over shards are read", spread)
	}
}

func TestApart(t *testing.T) {
	o, h := Options{shards: 2, Cluster: "c"}, host{name: "a:9000"}
	if err := o.apart(h, "mrr_versions", "ReplicatedReplacingMergeTree('/clickhouse/tables/d/mrr_versions', '{replica}', version)"); err == nil || !strings.Contains(err.Error(), "no {shard}") {
		t.Errorf("a table from before shards: %v", err)
	}
	if err := o.apart(h, "mrr_versions", "ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/d/mrr_versions', '{replica}', version)"); err != nil {
		t.Error(err)
	}
}
