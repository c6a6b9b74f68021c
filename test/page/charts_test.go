//go:build chromium

package page

import (
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"
)

// readings are what a chart says at each of its times, as one reads it with the arrow
// keys: by the time and the name of the number.
const readings = `((id) => {
	const box = document.getElementById(id), out = {};
	const press = (key) => box.dispatchEvent(new KeyboardEvent('keydown', { key }));
	const read = () => document.getElementById(id + '-readout');
	press('Home');
	for (let before = ''; ; press('ArrowRight')) {
		const shown = read().querySelector('.when');
		if (!shown) return {}; // drawn anew meanwhile: read again
		const when = shown.textContent.replace(' (running)', '');
		if (when === before) break;
		before = when;
		for (const e of read().querySelectorAll('.read')) {
			const exact = e.querySelector('[data-exact]');
			const [, name, digits] = /^(.*) (\S+)$/.exec(e.textContent);
			out[when + ' ' + name] = exact ? exact.dataset.exact : digits.replaceAll(',', '');
		}
	}
	box.dispatchEvent(new Event('blur'));
	return out;
})`

// Separate SQL of what the charts show: the time as they write it, the name, the value.
const (
	usageRead = `WITH (SELECT toStartOfHour(min(clock)) FROM freshness WHERE topic = 'runrate.usage') AS until
		SELECT formatDateTime(at, '%Y-%m-%d %H:00'), v.1, v.2 FROM
		(SELECT h.at AS at, arrayJoin([('revenue', toString(sum(u.revenue))), ('cost', toString(sum(u.cost))), ('events', toString(sum(u.events)))]) AS v
			FROM (SELECT until - toIntervalHour(number) AS at FROM numbers(72)) AS h LEFT JOIN usage_hourly AS u ON u.hour = h.at GROUP BY h.at)`
	timeRead = `WITH (SELECT max(as_of) FROM arr) AS last
		SELECT if(as_of = toStartOfDay(as_of), formatDateTime(as_of, '%Y-%m-%d'), formatDateTime(as_of, '%Y-%m-%d %H:00')), name, toString(sum(arr)) FROM
		(SELECT as_of, arrayJoin(['All lines', toString(line)]) AS name, arr FROM arr WHERE as_of >= last - INTERVAL 90 DAY AND (as_of = toStartOfDay(as_of) OR as_of = last))
		GROUP BY as_of, name`
	partitionsRead = `SELECT topic || '/' || toString(partition), word, value FROM freshness
		ARRAY JOIN ['clock', 'next offset', 'status'] AS word, [formatDateTime(clock, '%Y-%m-%d %H:%i:%S'), toString(next_offset), status] AS value`
	lagRead = `SELECT topic || '/' || toString(partition), 'lag', toString(assumeNotNull(lag)) FROM freshness`
)

// partitionRows are the cells of the table of partitions.
const partitionRows = `Object.fromEntries([...document.querySelectorAll('[data-partition]')].flatMap((e) => {
	const cells = [...e.querySelectorAll('td')];
	return [['status', cells[0].textContent], ['lag', cells[1].textContent.replaceAll(',', '')], ['clock', cells[2].title], ['next offset', cells[3].textContent.replaceAll(',', '')]]
		.map(([name, value]) => [e.dataset.partition + ' ' + name, value]);
}))`

// chartsEqual: each point of the charts and each partition is what the views have.
func chartsEqual(t *testing.T, p *pipeline, b *browser) {
	for _, of := range []struct {
		what, seen string
		sql        []string
		least      int
	}{
		{"usage by the hour", readings + `('usage')`, []string{usageRead}, 3 * 72},
		{"ARR over time", readings + `('time')`, []string{timeRead}, 4 * 60},
		{"the partitions", partitionRows, []string{partitionsRead, lagRead}, 4 * 4},
	} {
		var said string
		within(t, patience, of.what+" equals the views", func() bool {
			want := map[string]string{}
			for _, q := range of.sql {
				for _, row := range p.query(t, q) {
					want[row[0]+" "+row[1]] = row[2]
				}
			}
			got := eval[map[string]string](t, b, of.seen)
			maps.DeleteFunc(got, func(_, value string) bool { return value == "none" }) // a line before it began
			if now := differences(got, want); now != said && now != "" {
				said = now
				t.Logf("%s: %s", of.what, now)
			} else if now == "" && len(want) >= of.least {
				return true
			}
			return false
		})
	}
}

// differences are the first few of the page from the views, in words.
func differences(got, want map[string]string) string {
	var all []string
	for name, value := range want {
		if got[name] != value {
			all = append(all, fmt.Sprintf("%s is %q, not %q", name, got[name], value))
		}
	}
	for name, value := range got {
		if _, ok := want[name]; !ok {
			all = append(all, fmt.Sprintf("%s, %q, is in no view", name, value))
		}
	}
	slices.Sort(all)
	return strings.Join(all[:min(len(all), 5)], "; ")
}

// ofMonitor: the page of runrate monitor is the same; without ClickHouse it says so.
func ofMonitor(t *testing.T, p *pipeline) {
	b := open(t, monitor(t, p, p.native)+"/")
	within(t, patience, "the numbers show", func() bool {
		return eval[bool](t, b, `!document.getElementById('numbers').hidden && document.documentElement.dataset.status === 'good'`)
	})
	equalsViews(t, p, b)
	b.run(t, chromedp.Navigate(monitor(t, p, 1)+"/"))
	within(t, patience, "without ClickHouse it says so", func() bool {
		return eval[bool](t, b, `document.documentElement.dataset.status === 'bad' && document.getElementById('numbers').hidden && document.getElementById('empty').hidden
			&& document.getElementById('banner').textContent.includes('ClickHouse does not answer') && document.title.startsWith('unknown')`)
	})
	b.shot(t, "without-clickhouse")
}

// monitor starts a monitor of the pipeline, which reads ClickHouse at a port, and ends
// with the test; it is the address of its page.
func monitor(t *testing.T, p *pipeline, clickhouse int) string {
	t.Helper()
	at := "127.0.0.1:" + strconv.Itoa(free(t))
	cmd := exec.Command(p.binary, "monitor", "--clock", "history", "--brokers", fmt.Sprintf("127.0.0.1:%d", p.kafka),
		"--clickhouse", fmt.Sprintf("127.0.0.1:%d", clickhouse), "--admin-listen", at)
	cmd.Dir = filepath.Dir(p.binary)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("monitor: %v", err)
		}
	})
	serves(t, "http://"+at)
	return "http://" + at
}
