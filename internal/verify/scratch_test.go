package verify_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func childTicks() (n int) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range files {
		b, _ := os.ReadFile(f)
		s := string(b)
		i := strings.LastIndexByte(s, ')')
		if i < 0 {
			continue
		}
		x := strings.Fields(s[i+1:])
		if x[1] == fmt.Sprint(os.Getpid()) {
			var u, k int
			fmt.Sscan(x[11], &u)
			fmt.Sscan(x[12], &k)
			n += u + k
		}
	}
	return n
}

func TestScratch(t *testing.T) {
	w := empty(t)
	at := childTicks()
	fill(w)
	t.Logf("fill: %d ms cpu", 10*(childTicks()-at))
	const dims = "line, product, segment, region, currency"
	const set = " SETTINGS do_not_merge_across_partitions_select_final = 1"
	for _, q := range []string{
		"SELECT count() FROM DB.rolling_revenue WHERE window = '90d' FORMAT Null SETTINGS do_not_merge_across_partitions_select_final = 1",
		"SELECT " + dims + ", toUnixTimestamp(as_of) AS t, revenue, cost, events FROM DB.rolling_revenue WHERE window = '90d'" + set,
		"SELECT " + dims + ", toUnixTimestamp(as_of) AS t, revenue, cost, events FROM DB.rolling_revenue WHERE window = '90d' ORDER BY " + dims + ", t" + set,
		"SELECT " + dims + ", toUnixTimestamp(as_of) AS t, revenue, cost, events FROM DB.rolling_revenue WHERE window = '90d' ORDER BY t, " + dims + set,
		"SELECT " + dims + ", as_of, revenue, cost, events FROM DB.rolling_revenue WHERE window = '90d' ORDER BY as_of, " + dims + set + ", optimize_aggregation_in_order = 1",
		"SELECT " + dims + ", as_of, revenue, cost, events FROM DB.rolling_revenue WHERE window = '90d' ORDER BY as_of, " + dims + set + ", optimize_aggregation_in_order = 1, max_threads = 2",
		"SELECT window, as_of, " + dims + ", revenue, cost, events FROM DB.rolling_revenue_versions AS v FINAL WHERE epoch = 0 AND window = '90d'" + set,
		"SELECT " + dims + ", toUnixTimestamp(hour) AS t, revenue, cost, events FROM DB.usage_hourly ORDER BY " + dims + ", t" + set,
		"SELECT " + dims + ", toUInt32(intDiv(toUnixTimestamp(time), 3600) * 3600) AS h, sum(revenue), sum(cost), countIf(type = 'usage.recorded') FROM DB.usage_events GROUP BY " + dims + ", h ORDER BY " + dims + ", h" + set,
	} {
		at, began := childTicks(), time.Now()
		if !strings.Contains(q, "FORMAT") {
			q = "SELECT * FROM (" + strings.Replace(q, set, "", 1) + ") FORMAT Null" + set
			if i := strings.Index(q, ", optimize"); i > 0 {
				j := strings.Index(q, ") FORMAT")
				q = q[:i] + q[j:] + q[i:j]
			}
		}
		w.exec(q)
		t.Logf("%d ms cpu, %s: %s", 10*(childTicks()-at), time.Since(began).Round(time.Millisecond), q)
	}
}
