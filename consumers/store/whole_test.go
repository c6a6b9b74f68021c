package store

import (
	"strings"
	"testing"

	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/test/localtest"
)

// TestProgressVouchesForEveryTable: none but its own is left out.
func TestProgressVouchesForEveryTable(t *testing.T) {
	for _, table := range rows.Tables() {
		if _, known := keyed[table.Name]; known == (table.Name == progress.name()) {
			t.Errorf("%s: %v", table.Name, known)
		}
	}
	if len(keyed) != len(rows.Tables())-1 {
		t.Errorf("%d tables", len(keyed))
	}
}

// TestWhole: progress names what the last flush of each table wrote, also of those that
// later flushes did not touch, and of a flush that was written twice; another store reads it
// and goes on with it.
func TestWhole(t *testing.T) {
	s, ctx := open(t), t.Context()
	whole := func(s *Store, next, want stream.Offset) {
		t.Helper()
		if got, err := s.Whole(ctx, 0, usage0, next); err != nil || got != want {
			t.Errorf("whole up to %d, %v; want %d", got, err, want)
		}
	}
	whole(s, 0, 0) // nothing is vouched for
	write(t, s, 0, usageRows())
	write(t, s, 0, usageRows())
	whole(s, 9, 9)
	other := ticked(12, "2026-11-24T01:00:00Z")
	pane := rows.UsagePane{Hour: at("2026-11-24T00:00:00Z"), Dimensions: chat, Version: 10}
	write(t, s, 0, rows.Changes{Source: usage0, UsagePanes: seq(pane), Progress: other})
	want(t, s, "SELECT wrote FROM "+s.database.Of("progress_versions")+" FINAL",
		`{"account_day_versions":{"since":8,"rows":1},"account_first_versions":{"since":8,"rows":1},"active_account_versions":{"since":8,"rows":1},"dead_letter_versions":{"since":4,"rows":1},"late_amount_versions":{"since":8,"rows":1},"net_new_arr_versions":{"since":8,"rows":1},`+
			`"rolling_revenue_versions":{"since":8,"rows":1},"usage_event_versions":{"since":5,"rows":2},"usage_hour_versions":{"since":10,"rows":1}}`)
	again, err := Open(ctx, Options{Address: localtest.ClickHouse(t).TCPAddr(), Database: s.database.String()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { again.Close() })
	whole(again, 12, 12)
	other.NextOffset = 13
	write(t, again, 0, rows.Changes{Source: usage0, Progress: other})
	for _, c := range []struct {
		statement string
		want      stream.Offset
	}{
		{"ALTER TABLE DB.usage_hour_versions DELETE WHERE version = 10", 6}, // the flush before is whole
		{"ALTER TABLE DB.usage_event_versions DELETE WHERE version = 5", 6}, // one row of a flush, which may have been under way
		{"ALTER TABLE DB.dead_letter_versions DELETE WHERE version = 4", 0}, // all that there was
	} {
		if err := s.conn.Exec(ctx, strings.Replace(c.statement, "DB", s.database.SQL(), 1)+" SETTINGS mutations_sync = 2"); err != nil {
			t.Fatal(err)
		}
		whole(again, 13, c.want)
		whole(s, 13, c.want)
	}
	whole(again, 3, 0)
}
