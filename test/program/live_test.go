package program

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// liveBook prices one product from long ago.
const liveBook = `{"specversion":"1.0","type":"pricebook.published","source":"prices","id":"1","time":"2026-01-01T00:00:00Z","data":{"version":"1","currency":"USD","products":[{"product":"vision","line":"chat","meters":{"images":[{"effective_from":"2020-01-01T00:00:00Z","unit":1,"price":"0.04","cost":"0.01"}]}}]}}` + "\n"

// TestLive: with the ticker on, the clock moves by itself, an event that is sent
// now shows soon, and lateness is judged by the wall clock.
func TestLive(t *testing.T) {
	t.Parallel()
	p := up(t, "--partitions=2", "--tick-every=200ms", "--flush-every=100ms")
	lowest := "SELECT toUnixTimestamp64Micro(min(clock)) FROM freshness HAVING count() = 4"
	clock := func() (micros int64) {
		for _, row := range p.query(t, lowest) {
			fmt.Sscan(row, &micros)
		}
		return micros
	}
	began := time.Now()
	within(t, "every partition's clock is the wall clock", func() bool {
		return clock() >= began.Add(-time.Second).UnixMicro()
	})
	if at := time.UnixMicro(clock()); at.After(time.Now()) {
		t.Errorf("the clock is ahead of the wall clock: %v", at)
	}
	first := clock()
	within(t, "the clock moves", func() bool { return clock() > first })

	now := time.Now()
	usage := func(id string, at time.Time) string {
		return fmt.Sprintf(`{"specversion":"1.0","type":"usage.recorded","source":"live","id":%q,"time":%q,"subject":"acct_42","data":{"product":"vision","quantities":{"images":3}}}`+"\n",
			id, at.UTC().Format(time.RFC3339Nano))
	}
	must(t, liveBook+usage("now", now)+usage("ahead", now.Add(2*time.Minute))+usage("late", now.Add(-34*24*time.Hour))+
		usage("too new", now.Add(10*time.Minute))+usage("too old", now.Add(-36*24*time.Hour)), "publish", p.brokers(), "-")
	within(t, "the events show", func() bool { return p.query(t, "SELECT sum(events) FROM usage_hourly")[0] == "3" })
	hour := now.UTC().Truncate(time.Hour).Format(time.DateTime)
	if got := p.query(t, "SELECT revenue >= 0.12, line, product, currency FROM usage_hourly WHERE hour = '"+hour+"'"); strings.Join(got, ";") != "1\tchat\tvision\tUSD" {
		t.Errorf("this hour's pane is %q", got)
	}
	within(t, "what is out of time is refused", func() bool {
		refused := p.query(t, "SELECT reason, JSONExtractString(payload, 'id') FROM dead_letters ORDER BY offset")
		return strings.Join(refused, ";") == "too_new\ttoo new;too_old\ttoo old"
	})
	// The late event's windows closed long ago, and are amended.
	within(t, "the late event is in closed windows", func() bool {
		return p.query(t, "SELECT count() > 1 FROM rolling_revenue WHERE window = '90d' AND revenue = 0.12")[0] == "1"
	})
	p.settle(t)
	p.terminate(t)
}
