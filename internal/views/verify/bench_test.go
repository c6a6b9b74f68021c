package verify_test

import (
	"testing"
	"time"

	"runrate/internal/views/verify"
)

// fill makes 1.5 million events and what follows from them, in ClickHouse
// itself: 200 keys, each with events in every one of 2,160 hours, so that there
// are 3 million windows; 50,000 accounts. Views whose rows are few and
// cumbersome to make (active_accounts, arr and net_new_arr are) differ.
func fill(w *world) {
	const (
		key   = "'api' AS line, concat('product-', toString(k % 20)) AS product, 'enterprise' AS segment, concat('r', toString(intDiv(k, 20))) AS region, 'USD' AS currency"
		start = "1772323200"
		hours = "2160"
	)
	w.exec("INSERT INTO DB.epoch_entries (topic, entry, partitions) VALUES ('runrate.usage', 'opened', 1), ('runrate.subscriptions', 'opened', 1)")
	w.exec("INSERT INTO DB.usage_event_versions SELECT 0, 0, concat('acct_', toString(cityHash64(number) % 50000)), fromUnixTimestamp64Micro((" + start +
		" + intDiv(number, 200) % " + hours + " * 3600 + cityHash64(number) % 3600) * 1000000) AS time, line, product, segment, region, currency," +
		" map('tokens', number), toDecimal128(number, 12) / 1000000, toDecimal128(number, 12) / 4000000, 'gw', toString(number), 'usage.recorded', MD5(toString(number)), number" +
		" FROM (SELECT number, number % 200 AS k, " + key + " FROM numbers(1512000)) SETTINGS max_partitions_per_insert_block = 0")
	w.exec("INSERT INTO DB.usage_hour_versions SELECT 0, 0, toStartOfHour(time) AS hour, line, product, segment, region, currency, sum(revenue), sum(cost), count(), max(version)" +
		" FROM DB.usage_event_versions GROUP BY ALL")
	for _, window := range []struct{ name, last string }{{"1h", "0"}, {"24h", "23"}, {"7d", "167"}, {"28d", "671"}, {"30d", "719"}, {"90d", "2159"}, {"365d", "8759"}} {
		over := " OVER (PARTITION BY line, product, segment, region, currency ORDER BY hour ROWS BETWEEN " + window.last + " PRECEDING AND CURRENT ROW)"
		w.exec("INSERT INTO DB.rolling_revenue_versions SELECT 0, 0, hour + 3600, '" + window.name + "', line, product, segment, region, currency, " +
			"sum(revenue)" + over + ", sum(cost)" + over + ", sum(events)" + over + ", version FROM DB.usage_hour_versions")
	}
	for _, topic := range []string{"usage", "subscriptions"} {
		w.exec("INSERT INTO DB.progress_versions (topic, epoch, partition, next_offset, accepted, clock, ticked, version)" +
			" SELECT 'runrate." + topic + "', 0, 0, 1512000, 1512000, toDateTime64(" + start + " + 3600 * " + hours + ", 6, 'UTC'), 1, 1512000")
	}
}

// BenchmarkRun is all checks over 1.5 million events and 3 million windows.
func BenchmarkRun(b *testing.B) {
	w := empty(b)
	fill(w)
	for b.Loop() {
		results, err := verify.Run(b.Context(), verify.Options{Conn: w.store.Conn(), Database: w.store.Database()})
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range results {
			b.Logf("%s (%s): %d rows, %s, %s", r.View, r.Proves, r.Compared, r.Outcome, r.Took.Round(time.Millisecond))
		}
	}
}
