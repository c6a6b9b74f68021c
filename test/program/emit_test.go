package program

import (
	"strings"
	"testing"
)

// TestEmit: one event by the SDK counts, and what would be refused is not sent. The
// commands that look at dead letters see one that is.
func TestEmit(t *testing.T) {
	t.Parallel()
	p := up(t, "--no-ticker")
	clickhouse := "--clickhouse=" + loopback(p.tcp)
	must(t, priceBook+tickAt("2026-11-02T12:00:00Z"), "publish", p.brokers(), "-")
	flags := []string{"emit", p.brokers(), "--source", "s", "--account", "acct_1", "--time", "2026-11-02T11:00:00Z", "--region", "eu"}
	out := must(t, "", append(flags, "--product", "chat", "--quantity", "in=3")...)
	event, place, _ := strings.Cut(out, "\n")
	if !strings.Contains(place, "runrate.usage/") {
		t.Errorf("said: %s", out)
	}
	must(t, event+"\n", "publish", p.brokers(), "-") // a retry
	if r := runrate(t, "", append(flags, "--product", "", "--quantity", "in=3")...); r.code != 1 || !strings.Contains(r.err, `data.product is ""`) {
		t.Errorf("an event that would be refused: exit %d, %s", r.code, r.err)
	}
	must(t, "", append(flags, "--product", "unknown", "--quantity", "in=3", "--id", "lost")...)
	p.settle(t)
	if got := p.query(t, "SELECT count(), sum(revenue) FROM usage_events")[0]; got != "1\t6" {
		t.Errorf("events and revenue: %s", got)
	}
	if got := p.query(t, "SELECT sum(duplicate), sum(refused) FROM accounting")[0]; got != "1\t1" {
		t.Errorf("duplicates and refused: %s", got)
	}
	list := must(t, "", "dead-letters", "list", clickhouse, "--source", "s", "--id", "lost")
	at, _, _ := strings.Cut(list, " ")
	if !strings.Contains(list, "open unknown_product") || strings.Count(list, "\n") != 1 {
		t.Errorf("list: %s", list)
	}
	if got := must(t, "", "dead-letters", "list", clickhouse, "--source", "other"); got != "" {
		t.Errorf("list of another source: %s", got)
	}
	if got := must(t, "", "dead-letters", "list", clickhouse, "--json", "--at", at); !strings.Contains(got, `"id":"lost"`) || !strings.Contains(got, `"payload_base64":`) {
		t.Errorf("JSON: %s", got)
	}
	if show := must(t, "", "dead-letters", "show", clickhouse, at); !strings.Contains(show, "id         lost") || !strings.Contains(show, "reason     unknown_product") {
		t.Errorf("show: %s", show)
	}
	if stats := must(t, "", "dead-letters", "stats", clickhouse); !strings.Contains(stats, "unknown_product") || !strings.Contains(stats, " s ") {
		t.Errorf("stats:\n%s", stats)
	}
	if r := runrate(t, "", "dead-letters", "show", clickhouse, "runrate.usage/0@999"); r.code != 1 || !strings.Contains(r.err, "no record at") {
		t.Errorf("show of nothing: exit %d, %s", r.code, r.err)
	}
	if r := runrate(t, "", "redrive", p.brokers(), clickhouse, "--reason", "nonsense"); r.code == 0 || !strings.Contains(r.err, "it is one of malformed") {
		t.Errorf("redrive of no reason: exit %d, %s", r.code, r.err)
	}
	if out := must(t, "", "redrive", p.brokers(), clickhouse, "--source", "s", "--id", "lost", "--since", "2026-01-01T00:00:00Z", "--dry-run"); !strings.Contains(out, "1 dead letters would be sent again") {
		t.Errorf("redrive --dry-run: %s", out)
	}
	p.verify(t)
}
