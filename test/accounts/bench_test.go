package accounts

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"runrate/consumers/store"
	chschema "runrate/schemas/clickhouse"
	"runrate/test/localtest"
)

var (
	accounts = flag.Int("accounts", 100_000, "accounts of the benchmark")
	active   = flag.Int("active", 3, "one day in this many is active")
)

// BenchmarkViews asks the views over accounts as of the last of 90 days, with -accounts accounts,
// each active on one day in -active and one in five with a subscription, made in ClickHouse.
// It reports the rows and bytes that an answer reads.
//
//	go test ./test/accounts -run '^$' -bench Views -benchtime 3x -accounts 1000000
func BenchmarkViews(b *testing.B) {
	s, err := store.Open(b.Context(), store.Options{Address: localtest.ClickHouse(b).TCPAddr(), Database: localtest.Database(b)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	if _, err := chschema.Migrate(b.Context(), s.Conn(), chschema.Options{Database: s.Database()}); err != nil {
		b.Fatal(err)
	}
	fill(b, s)
	for _, c := range []struct {
		view string
		ask  chschema.Ask
	}{
		{"account_arr", chschema.Ask{}}, {"arr_bridge", chschema.Ask{Days: 30}}, {"retention", chschema.Ask{Days: 30}},
		{"retention", chschema.Ask{Days: 365}}, {"cohorts", chschema.Ask{}},
	} {
		c.ask.AsOf = "2026-08-30"
		name := c.view
		if c.ask.Days > 0 {
			name = fmt.Sprintf("%s/%dd", c.view, c.ask.Days)
		}
		b.Run(name, func(b *testing.B) {
			var rows, bytes uint64
			for range b.N {
				ctx := clickhouse.Context(b.Context(), clickhouse.WithProgress(func(p *clickhouse.Progress) { rows += p.Rows; bytes += p.Bytes }))
				if err := s.Conn().Exec(ctx, "SELECT * FROM "+c.ask.Of(s.Database().Of(c.view))+" FORMAT Null"); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows)/float64(b.N), "rows/op")
			b.ReportMetric(float64(bytes)/float64(b.N)/1e6, "MB/op")
		})
	}
}

// fill makes the rows: an account's first day is one of the first 60, and its ARR is above 0 from
// the midnight after.
func fill(b *testing.B, s *store.Store) {
	b.Helper()
	for _, statement := range []string{
		`INSERT INTO DB.epoch_entries (topic, entry, partitions) VALUES ('runrate.usage', 'opened', 1), ('runrate.subscriptions', 'opened', 1)`,
		`INSERT INTO DB.progress_versions (topic, clock, ticked) VALUES ('runrate.usage', '2026-08-30 05:00:00', 1), ('runrate.subscriptions', '2026-08-30 05:00:00', 1)`,
		`INSERT INTO DB.account_day_versions (account, line, currency, day, revenue, cost, events)
		 SELECT 'acct_' || leftPad(toString(intDiv(number, 90)), 8, '0') AS a, 'api', 'USD', toDate('2026-06-01') + number % 90 AS d, 1.25, 0.5, 3
		 FROM numbers(PART * intDiv(ACCOUNTS, 20) * 90, intDiv(ACCOUNTS, 20) * 90) WHERE cityHash64(a, d) % ACTIVE = 0 AND number % 90 >= cityHash64(a) % 60`,
		`INSERT INTO DB.account_first_versions (topic, account, line, currency, first)
		 SELECT 'runrate.usage', account, line, currency, min(day) + 1 FROM DB.account_day_versions WHERE cityHash64(account) % 20 = PART GROUP BY account, line, currency`,
		`INSERT INTO DB.mrr_movement_versions (account, line, currency, time, change, subscription, movement, amount)
		 SELECT 'acct_' || leftPad(toString(number * 5), 8, '0'), 'chat', 'USD', toDateTime64('2026-06-01', 6, 'UTC') + number % 7000000, number, 's', 'new', 20 FROM numbers(intDiv(ACCOUNTS, 5))`,
		`INSERT INTO DB.account_first_versions (topic, account, line, currency, first)
		 SELECT 'runrate.subscriptions', account, line, currency, toDate(time) + 1 FROM DB.mrr_movement_versions`,
	} {
		for part := range 20 { // each statement within the client's patience
			text := strings.NewReplacer("DB", s.Database().SQL(), "ACCOUNTS", fmt.Sprint(*accounts), "ACTIVE", fmt.Sprint(*active), "PART", fmt.Sprint(part)).Replace(statement)
			if err := s.Conn().Exec(b.Context(), text); err != nil {
				b.Fatalf("%s: %v", text, err)
			}
			if !strings.Contains(statement, "PART") {
				break
			}
		}
	}
}
