package verify_test

import (
	"slices"
	"strings"
	"testing"

	"runrate/test/oracle/gen"
)

// Each tampering breaks one view of sound tables; the checks that fail must be
// exactly those that it concerns, and name the row.
//
// In a statement, DB is the database.
func TestTampered(t *testing.T) {
	if testing.Short() {
		t.Skip()
	}
	const (
		accounting = "accounting: fetched = accepted + duplicate + refused + control, and each is there"
		freshness  = "freshness: folded is not beyond the log"
		heldBack   = "(all): no as_of is shown before the clocks passed it"
		panes      = "usage_hourly: panes = events"
		windows    = "rolling_revenue: windows = panes"
		active     = "active_accounts: distinct accounts of usage_events"
		terms      = "subscriptions: MRR of each change, from its terms"
		latest     = "subscriptions: the latest change of each"
		movements  = "mrr_movements: derived from the changes"
		sums       = "mrr_movements: movements sum to MRR"
		mrr        = "mrr: the changes before each hour"
		arr        = "arr: multiplier x window + 12 x MRR"
		bridge     = "net_new_arr: opening + movements = closing = arr"
		own        = "net_new_arr: each account's own movements"
	)
	sound := newWorld(t, 21, gen.Options{Days: 40, Records: 200, Partitions: 2})
	if got := failing(sound.verify()); len(got) > 0 {
		t.Fatal(got)
	}
	for _, tt := range []struct {
		name      string
		statement []string
		fails     []string
		names     string // what the first of them shows
	}{
		{"a record too many accepted", next("progress_versions", "accepted + 1 AS accepted", "accepted > 0", "topic, partition"), list(accounting), "runrate."},
		{"a dead letter lost", lose("dead_letter_versions", "(topic, partition, `offset`) IN (SELECT topic, partition, `offset` FROM DB.dead_letters ORDER BY ALL LIMIT 1)"), list(accounting), "refused"},
		{"an event lost", lose("usage_event_versions", "identity IN (SELECT identity FROM DB.usage_event_versions WHERE type = 'adjustment.recorded' ORDER BY time LIMIT 1)"), list(accounting, panes, own), "accepted"},
		{"further than the log", next("progress_versions", "next_offset + 1 AS next_offset, control + 1 AS control", "1", "topic, partition"), list(freshness), "next offset"},
		{"an as_of before its time", view("mrr", "SELECT * FROM DB.mrr_sound UNION ALL SELECT * REPLACE (as_of + 3600 AS as_of) FROM (SELECT * FROM DB.mrr_sound WHERE as_of = (SELECT max(as_of) FROM DB.mrr_sound))"), list(heldBack), "mrr"},
		{"a pane off by the last decimal", next("usage_hour_versions", "revenue + toDecimal128('0.000000000001', 12) AS revenue", "1", "hour"), list(panes, windows), "hour 20"},
		{"a pane with an event too many", next("usage_hour_versions", "events + 1 AS events", "1", "hour"), list(panes, windows), "events"},
		{"a pane too many", next("usage_hour_versions", "'eu-9' AS region", "1", "hour"), list(panes, windows), "region 'eu-9'"},
		{"a pane lost", lose("usage_hour_versions", "hour IN (SELECT min(hour) FROM DB.usage_hourly)"), list(panes, windows), "hour 20"},
		{"a window's cost", next("rolling_revenue_versions", "cost + 1 AS cost", "window = '7d'", "as_of"), list(windows), "window 7d, as_of 20"},
		{"the revenue of the ARR window", next("rolling_revenue_versions", "revenue + 1 AS revenue", "window = '28d' AND as_of = (SELECT max(as_of) FROM DB.net_new_arr)", "as_of"), list(windows, bridge), "window 28d"},
		{"a window lost", lose("rolling_revenue_versions", "(window, as_of) IN (SELECT '24h', min(as_of) FROM DB.rolling_revenue)"), list(windows), "window 24h"},
		{"a window too many", next("rolling_revenue_versions", "'eu-9' AS region", "window = '1h'", "as_of"), list(windows), "region 'eu-9'"},
		{"a window of an odd name", next("rolling_revenue_versions", "'2h' AS window", "window = '1h'", "as_of"), list(windows), "some other window"},
		{"a window at the half hour", next("rolling_revenue_versions", "as_of - 1800 AS as_of", "window = '1h'", "as_of"), list(windows), ":30:00Z"},
		{"an account too many", next("active_account_versions", "accounts + 1 AS accounts", "line = '*'", "as_of"), list(active), "line '*'"},
		{"an active line too many", next("active_account_versions", "'nowhere' AS line", "line = '*'", "as_of"), list(active), "line 'nowhere'"},
		{"the MRR of a subscription", next("subscription_versions", "mrr + 1 AS mrr", "1", "account"), list(latest), "subscription '"},
		{"an old state", next("subscription_versions", "since - 1 AS since", "1", "account"), list(latest), "since"},
		{"a subscription too many", next("subscription_versions", "concat(subscription, '-x') AS subscription", "1", "account"), list(latest), "-x'"},
		{"the MRR of a change", next("subscription_change_versions", "mrr + toDecimal128('0.000000000001', 12) AS mrr", "mrr > 0 AND status = 'active'", "time"), list(terms, mrr), "change at"},
		{"a movement of another kind", next("mrr_movement_versions", "'expansion' AS movement", "movement = 'new'", "time"), list(movements), "expansion"},
		{"the amount of a movement", next("mrr_movement_versions", "amount + 1 AS amount", "movement = 'new'", "time"), list(movements, sums), "new"},
		{"a movement hidden", next("mrr_movement_versions", "'' AS movement, toDecimal128(0, 12) AS amount", "movement = 'new'", "time"), list(movements, sums), "new"},
		{"two movements that cancel out", append(next("mrr_movement_versions", "change + 1000000 AS change", "movement = 'new'", "time"),
			next("mrr_movement_versions", "change + 2000000 AS change, -amount AS amount", "movement = 'new' AND change < 1000000", "time")...), list(movements), "new"},
		{"a plan's MRR", next("mrr_versions", "mrr + 1 AS mrr", "mrr > 0 AND toHour(as_of) = 5", "as_of"), list(sums, mrr), "as_of 20"},
		{"a plan's subscriptions", next("mrr_versions", "subscriptions + 1 AS subscriptions", "mrr > 0", "as_of"), list(mrr), "subscriptions"},
		{"a plan's row lost", next("mrr_versions", "toDecimal128(0, 12) AS mrr, 0 AS subscriptions", "mrr > 0 AND toHour(as_of) = 5", "as_of"), list(sums, mrr), "as_of 20"},
		{"an arr", view("arr", "SELECT * REPLACE (usage_arr + 1 AS usage_arr) FROM DB.arr_sound"), list(arr), "usage_arr"},
		{"an arr too many", view("arr", "SELECT * FROM DB.arr_sound UNION ALL SELECT * REPLACE ('nowhere' AS line) FROM DB.arr_sound WHERE toHour(as_of) = 5"), list(arr), "line 'nowhere'"},
		{"another definition than was folded by", []string{"INSERT INTO DB.definition_versions (epoch, arr_window_days, arr_multiplier) VALUES (0, 28, 14)"}, list(bridge, own), "closing"},
		{"an opening", next("net_new_arr_versions", "opening + 1 AS opening", "accounts > 0", "as_of"), list(bridge, own), "opening"},
		{"a movement in the wrong place", next("net_new_arr_versions", "expansion + new AS expansion, toDecimal128(0, 12) AS new", "new > 0", "as_of"), list(own), "expansion"},
		{"a bridge lost", lose("net_new_arr_versions", "as_of IN (SELECT max(as_of) FROM DB.net_new_arr)"), list(bridge, own), "as_of 20"},
		{"a bridge too many", next("net_new_arr_versions", "'nowhere' AS line", "accounts > 0", "as_of"), list(bridge, own), "line 'nowhere'"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := sound.copy(t)
			for _, s := range tt.statement {
				w.exec(s)
			}
			got := failing(w.verify())
			for _, check := range tt.fails {
				if _, ok := got[check]; !ok {
					t.Errorf("passed: %s", check)
				}
			}
			if len(tt.fails) > 0 && !strings.Contains(got[tt.fails[0]], tt.names) {
				t.Errorf("%q is not in %s", tt.names, got[tt.fails[0]])
			}
			for check, text := range got {
				if !slices.Contains(tt.fails, check) {
					t.Errorf("failed, too: %s: %s", check, text)
				}
			}
		})
	}
}

func list(checks ...string) []string { return checks }

// next writes the next version of the first row, in some order, for which a
// condition holds, with columns changed.
func next(table, columns, where, order string) []string {
	return list("INSERT INTO DB." + table + " SELECT * REPLACE (" + columns + ", version + 1 AS version) FROM (SELECT * FROM DB." + table +
		" FINAL WHERE " + where + " ORDER BY " + order + " LIMIT 1)")
}

// lose deletes rows.
func lose(table, where string) []string {
	return list("ALTER TABLE DB." + table + " DELETE WHERE " + where + " SETTINGS mutations_sync = 2")
}

// view puts another in a view's place, which may read the sound one.
func view(name, query string) []string {
	return list("RENAME TABLE DB."+name+" TO DB."+name+"_sound", "CREATE VIEW DB."+name+" AS "+query)
}
