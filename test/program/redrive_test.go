package program

import (
	"os/exec"
	"strings"
	"testing"
)

// TestRedrive publishes dead letters again once a price book knows their
// product; what would be refused again is left, and nothing counts twice.
func TestRedrive(t *testing.T) {
	t.Parallel()
	p, at := parts(t)
	start(t, exec.Command(binary, append([]string{"consume", "all", "--flush-every", "100ms"}, at...)...))
	send := func(events string) {
		must(t, events, append([]string{"publish", "-"}, at[:2]...)...)
		must(t, "", append([]string{"settle"}, at[:2]...)...)
	}
	invalid := strings.Replace(usageOf("acct_9", "chat", 2, 7), `"in":7`, `"in":-7`, 1)
	send(tickAt("2026-11-02T12:00:00Z") + usageOf("acct_1", "chat", 2, 1) + usageOf("acct_2", "chat", 2, 2) + invalid)
	count := func(sql string) string { return p.query(t, sql)[0] }
	if got := count("SELECT countIf(reason = 'unknown_product'), countIf(reason = 'invalid') FROM dead_letters"); got != "2\t1" {
		t.Fatalf("dead letters: %s", got)
	}
	send(priceBook + usageOf("acct_2", "chat", 2, 2)) // a producer's own retry
	if out := must(t, "", append([]string{"redrive", "--dry-run"}, at...)...); !strings.Contains(out, "1 dead letters would be sent again") || !strings.Contains(out, "1 left: their event has been accepted by another record") || !strings.Contains(out, "1 left: they are invalid") {
		t.Errorf("dry run:\n%s", out)
	}
	out := must(t, "", append([]string{"redrive", "--reason", "unknown_product"}, at...)...)
	if !strings.Contains(out, "1 dead letters sent again") {
		t.Errorf("redrive:\n%s", out)
	}
	must(t, "", append([]string{"settle"}, at[:2]...)...)
	if got := count("SELECT sum(revenue), count() FROM usage_events"); got != "6\t2" { // 2 x (1 + 2)
		t.Errorf("revenue and events: %s", got)
	}
	if got := count("SELECT sum(accepted), sum(duplicate), sum(refused) FROM accounting"); got != "2\t0\t3" {
		t.Errorf("accounting: %s", got)
	}
	if r := runrate(t, "", append([]string{"redrive", "--reason", "too_old"}, at...)...); r.code != 1 || !strings.Contains(r.err, "no dead letter matches") {
		t.Errorf("nothing to redrive: exit %d\n%s", r.code, r.err)
	}
	if got := strings.Join(p.query(t, "SELECT reason, state, count() FROM dead_letters GROUP BY ALL ORDER BY ALL"), "; "); got != "invalid\topen\t1; unknown_product\taccepted\t1; unknown_product\tduplicate\t1" {
		t.Errorf("states: %s", got)
	}
	must(t, "", append([]string{"verify"}, at...)...)
}

// TestRedriveDoesNotMultiply runs redrive three times over an event and a price
// book that stay refused: the event is sent once, the book never.
func TestRedriveDoesNotMultiply(t *testing.T) {
	t.Parallel()
	p, at := parts(t)
	start(t, exec.Command(binary, append([]string{"consume", "all", "--flush-every", "100ms"}, at...)...))
	settle := func() { must(t, "", append([]string{"settle"}, at[:2]...)...) }
	badBook := strings.Replace(priceBook, `"currency":"USD"`, `"currency":"usd"`, 1)
	must(t, tickAt("2026-11-02T12:00:00Z")+badBook+usageOf("acct_1", "chat", 2, 1), append([]string{"publish", "-"}, at[:2]...)...)
	settle()
	for i, says := range []string{"1 dead letters sent again", "0 dead letters sent again", "0 dead letters sent again"} {
		out := must(t, "", append([]string{"redrive"}, at...)...)
		if !strings.Contains(out, says) || !strings.Contains(out, "4 left: control records are never redriven: publish a new one") {
			t.Errorf("run %d:\n%s", i+1, out)
		}
		settle()
	}
	letters := func() string {
		return strings.Join(p.query(t, "SELECT reason, state, count() FROM dead_letters GROUP BY ALL ORDER BY ALL"), "; ")
	}
	if got := letters(); got != "invalid\topen\t4; unknown_product\topen\t1; unknown_product\tredriven\t1" {
		t.Errorf("after three runs: %s", got)
	}
	must(t, priceBook, append([]string{"publish", "-"}, at[:2]...)...)
	settle()
	if out := must(t, "", append([]string{"redrive"}, at...)...); !strings.Contains(out, "1 left: they were sent again before and refused again: --again sends them anew") {
		t.Errorf("with a price:\n%s", out)
	}
	must(t, "", append([]string{"redrive", "--again"}, at...)...)
	settle()
	if got := letters(); got != "invalid\topen\t4; unknown_product\taccepted\t2" {
		t.Errorf("with --again: %s", got)
	}
	must(t, "", append([]string{"verify"}, at...)...)
}
