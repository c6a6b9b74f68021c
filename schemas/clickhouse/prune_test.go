package chschema

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestViewsPrune: filters on a view's keys reach the tables: only the parts and
// granules that can hold the answer are read.
func TestViewsPrune(t *testing.T) {
	conn, db := connect(t)
	if _, err := Migrate(t.Context(), conn, Options{Database: parsed(t, db)}); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		`INSERT INTO DB.epoch_entries (topic, entry, partitions) VALUES ('runrate.usage', 'opened', 1), ('runrate.subscriptions', 'opened', 1)`,
		`INSERT INTO DB.progress_versions (topic, clock, ticked) VALUES ('runrate.usage', '2026-08-29 05:30:00', 1), ('runrate.subscriptions', '2026-08-29 05:30:00', 1)`,
		// 90 days of hours, 7 windows, 16 products: 240,000 rows in 4 months.
		`INSERT INTO DB.rolling_revenue_versions (as_of, window, line, product, currency, revenue)
		 SELECT toDateTime('2026-06-01', 'UTC') + 3600 * intDiv(number, 112), ['1h','24h','7d','28d','30d','90d','365d'][1 + number % 7], 'api',
		        'p' || toString(intDiv(number, 7) % 16), 'USD', 1 FROM numbers(90 * 24 * 112)`,
		`INSERT INTO DB.mrr_versions (as_of, line, plan, currency, mrr)
		 SELECT toDateTime('2026-06-01', 'UTC') + 3600 * intDiv(number, 100), 'chat', 'p' || toString(number % 100), 'USD', 1 FROM numbers(90 * 24 * 100)`,
		`INSERT INTO DB.usage_event_versions (account, time, id, identity)
		 SELECT 'acct_' || toString(number % 5000), toDateTime64('2026-06-01', 6, 'UTC') + 15 * number, toString(number), reinterpretAsFixedString(toUInt128(number)) FROM numbers(400000)`,
		`INSERT INTO DB.mrr_movement_versions (account, line, time, movement, amount)
		 SELECT 'acct_' || toString(number), 'l' || toString(number % 3), toDateTime64('2026-06-01', 6, 'UTC') + 10 * number, 'new', 1 FROM numbers(300000)`,
	} {
		if err := conn.Exec(t.Context(), strings.ReplaceAll(s, "DB", db)); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	for _, c := range []struct {
		query    string
		granules int // at most, over all tables that are read by key
	}{
		{"SELECT * FROM DB.rolling_revenue WHERE as_of = '2026-07-10 05:00:00' AND window = '28d'", 2},
		{"SELECT * FROM DB.rolling_revenue WHERE window = '28d'", 9},
		{"SELECT * FROM DB.rolling_revenue WHERE as_of >= '2026-08-28 00:00:00'", 8},
		{"SELECT * FROM DB.mrr WHERE as_of = '2026-07-10 05:00:00' AND line = 'chat'", 2},
		{"SELECT * FROM DB.arr WHERE as_of = '2026-07-10 05:00:00'", 3},
		{"SELECT * FROM DB.rolling_revenue_now WHERE window = '28d'", 2},
		{"SELECT * FROM DB.rolling_revenue_now", 8},
		{"SELECT * FROM DB.mrr_now", 2},
		{"SELECT * FROM DB.arr_now", 3},
		{"SELECT * FROM DB.usage_events WHERE time >= '2026-06-03 04:00:00' AND time < '2026-06-03 05:00:00'", 2},
		{"SELECT * FROM DB.usage_events WHERE account = 'acct_42' AND time >= '2026-06-03 04:00:00' AND time < '2026-06-03 05:00:00'", 2},
		{"SELECT * FROM DB.mrr_movements WHERE line = 'l1' AND time >= '2026-06-03' AND time < '2026-06-04'", 3},
	} {
		query := strings.ReplaceAll(c.query, "DB", db)
		read, of, plan := granules(t, func(sql string) [][]string { return table(t, conn, sql) }, query)
		if read > c.granules || read == 0 || of < 20 {
			t.Errorf("%s reads %d of %d granules, at most %d wanted\n%s", query, read, of, c.granules, plan)
		}
		t.Logf("%3d of %3d granules: %s", read, of, query)
	}
}

var granulesLine = regexp.MustCompile(`Granules: (\d+)/(\d+)`)

// granules are those that a query reads, and those of the tables in question.
// Tables too small to have more than a few granules (progress, epochs) are left
// out.
func granules(t *testing.T, run func(string) [][]string, query string) (read, of int, plan string) {
	t.Helper()
	var first, last int
	flush := func() {
		if first > 8 {
			read, of = read+last, of+first
		}
		first, last = 0, 0
	}
	for _, r := range run("EXPLAIN indexes = 1, pretty = 0 " + query) {
		plan += r[0] + "\n"
		if strings.Contains(r[0], "ReadFromMergeTree") {
			flush()
		}
		if m := granulesLine.FindStringSubmatch(r[0]); m != nil {
			n, _ := strconv.Atoi(m[1])
			d, _ := strconv.Atoi(m[2])
			if first == 0 {
				first = d
			}
			last = n
		}
	}
	flush()
	return read, of, plan
}
