package chschema

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestViewsAreTheContract: testdata/views.txt is every view, its columns in order,
// their types, as analysts rely on them (DEFINITIONS V1 to V27). It is written by
// hand, not from the views.
func TestViewsAreTheContract(t *testing.T) {
	conn, db := connect(t)
	if _, err := Migrate(t.Context(), conn, Options{Database: parsed(t, db)}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/views.txt")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, r := range table(t, conn, `
SELECT c.table, c.name, c.type FROM system.columns AS c
WHERE c.database = ? AND c.table IN (SELECT name FROM system.tables WHERE database = ? AND engine = 'View')
ORDER BY c.table, c.position`, db, db) {
		got.WriteString(strings.Join(r, " ") + "\n")
	}
	if got.String() != string(text) {
		t.Errorf("the views differ from testdata/views.txt:\n%s", got.String())
	}
	for _, view := range regexp.MustCompile(`(?m)^(\w+) as_of `).FindAllStringSubmatch(string(text), -1) {
		if name := strings.TrimSuffix(view[1], now); !slices.Contains(viewOrder, name+now) {
			t.Errorf("%s has an as_of, and there is no %s beside it", name, name+now)
		}
	}
	// They can be read, and an empty database shows nothing.
	for _, r := range table(t, conn, "SELECT name FROM system.tables WHERE database = ? AND engine = 'View'", db) {
		if n := table(t, conn, "SELECT toString(count()) FROM "+Ask{Currency: "EUR", AsOf: "1970-01-01", Days: 30, KnownOn: "1970-01-01"}.Of(db+"."+r[0])); r[0] != "definitions" && n[0][0] != "0" {
			t.Errorf("%s of an empty database has %s rows", r[0], n[0][0])
		}
	}
}

func TestEverythingHasAComment(t *testing.T) {
	conn, db := connect(t)
	if _, err := Migrate(t.Context(), conn, Options{Database: parsed(t, db)}); err != nil {
		t.Fatal(err)
	}
	for _, r := range table(t, conn, `
SELECT 'database ' || name FROM system.databases WHERE name = ? AND comment = ''
UNION ALL SELECT 'table ' || name FROM system.tables WHERE database = ? AND comment = ''
UNION ALL SELECT 'column ' || table || '.' || name FROM system.columns WHERE database = ? AND comment = ''`, db, db, db) {
		t.Errorf("%s has no comment", r[0])
	}
	if n := table(t, conn, "SELECT toString(count()) FROM system.columns WHERE database = ?", db); len(n[0][0]) < 3 {
		t.Errorf("only %s columns were looked at", n[0][0])
	}
}

// TestCommentsSayWhatMisleads: what misled people is said where they look: in the
// column's comment.
func TestCommentsSayWhatMisleads(t *testing.T) {
	conn, db := connect(t)
	if _, err := Migrate(t.Context(), conn, Options{Database: parsed(t, db)}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ table, column, says string }{
		{"mrr_movements", "movement", "Not those of net_new_arr"},
		{"net_new_arr", "new", "unlike in mrr_movements"},
		{"net_new_arr", "reactivation", "unlike in mrr_movements"},
		{"net_new_arr", "closing", "multiplyDecimal"},
		{"arr", "arr", "multiplyDecimal"},
		{"mrr", "mrr", "multiplyDecimal"},
		{"rolling_revenue", "revenue", "multiplyDecimal"},
		{"usage_hourly", "revenue", "multiplyDecimal"},
	} {
		r := table(t, conn, "SELECT comment FROM system.columns WHERE database = ? AND table = ? AND name = ?", db, c.table, c.column)
		if len(r) != 1 || !strings.Contains(r[0][0], c.says) {
			t.Errorf("%s.%s does not say %q: %v", c.table, c.column, c.says, r)
		}
	}
}

// TestTablesHoldVersions: versions win, the partition key is a function of the sort
// key, an acknowledged insert is on disk, and one that is written again lands.
func TestTablesHoldVersions(t *testing.T) {
	conn, db := connect(t)
	if _, err := Migrate(t.Context(), conn, Options{Database: parsed(t, db)}); err != nil {
		t.Fatal(err)
	}
	tables := table(t, conn, `SELECT name, engine_full, partition_key, sorting_key FROM system.tables WHERE database = ? AND engine != 'View'`, db)
	for _, r := range tables {
		name, engine, partition, sorting := r[0], r[1], r[2], r[3]
		if !strings.HasPrefix(engine, "ReplacingMergeTree(") {
			t.Errorf("%s: engine %s", name, engine)
		}
		for _, setting := range []string{"fsync_after_insert = 1", "fsync_part_directory = 1",
			"non_replicated_deduplication_window = 0", "replicated_deduplication_window = 0"} {
			if !strings.Contains(engine, setting) {
				t.Errorf("%s lacks %s", name, setting)
			}
		}
		for _, column := range identifiers.FindAllString(partition, -1) {
			if column == "time" && strings.Contains(sorting, ", toStartOfHour(time),") {
				continue // which gives the month
			}
			if !slices.Contains([]string{"toYYYYMM", "toYYYYMMDD"}, column) && !slices.Contains(strings.Split(sorting, ", "), column) {
				t.Errorf("%s: partitioned by %s, and sorted by %s, without %s", name, partition, sorting, column)
			}
		}
	}
	want := strings.Count(bootstrap, "CREATE TABLE")
	for _, m := range known(t) {
		want += strings.Count(m.text, "CREATE TABLE")
	}
	if len(tables) != want {
		t.Errorf("%d tables, want %d", len(tables), want)
	}
}

var identifiers = regexp.MustCompile(`[A-Za-z_]+`)
