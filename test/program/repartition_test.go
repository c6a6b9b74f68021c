package program

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestRepartition gives a topic other partitions, from outside: while somebody publishes
// it refuses; then the change is shown, and the views and the consumers that run go over
// to the new topic, with the same numbers. What arrives in the old one is complained of
// by the log, the view freshness and lag.
func TestRepartition(t *testing.T) {
	t.Parallel()
	p, at := parts(t)
	kafka := at[:2]
	running := start(t, exec.Command(binary, append([]string{"consume", "all", "--flush-every", "100ms"}, at...)...))
	events := priceBook + tickAt("2026-11-02T12:00:00Z")
	for i := range 20 {
		events += usageOf(fmt.Sprint("acct_", i), "chat", 2, i)
	}
	must(t, events+tickAt("2026-11-03T00:00:00Z"), append([]string{"publish", "-"}, kafka...)...)
	must(t, "", append([]string{"settle"}, kafka...)...)
	numbers := func() (all []string) {
		for _, view := range []string{"usage_hourly", "rolling_revenue", "active_accounts", "arr"} {
			all = append(all, p.query(t, "SELECT * FROM "+view+" ORDER BY ALL")...)
		}
		return all
	}
	repartition := func(still string) []string {
		return append([]string{"repartition", "usage", "--partitions", "5", "--still", still}, at...)
	}

	refused := start(t, exec.Command(binary, repartition("5s")...))
	within(t, "it looks", func() bool { return strings.Contains(refused.err.String(), "looking whether the topic stands still") })
	must(t, usageOf("acct_20", "chat", 2, 20), append([]string{"publish", "-"}, kafka...)...)
	if code := refused.wait(t); code == 0 || !strings.Contains(refused.err.String(), "somebody writes to runrate.usage/") || !strings.Contains(refused.err.String(), "the ticker too") {
		t.Fatalf("beside a publisher: exit %d\n%s%s", code, refused.out.String(), refused.err.String())
	}
	if got := p.query(t, "SELECT max(epoch) FROM epochs"); got[0] != "0" {
		t.Errorf("it refused, and epoch %s was opened", got[0])
	}
	must(t, "", append([]string{"settle"}, kafka...)...)
	before := numbers()
	out := must(t, "", repartition("1s")...)
	for _, says := range []string{"are in runrate.usage.v2", "accounting: accepted", "epoch 1", "totals change", "is folded from runrate.usage.v2 now, with 5 partitions: tell whatever publishes --topic-usage runrate.usage.v2"} {
		if !strings.Contains(out, says) {
			t.Errorf("it does not say %q:\n%s", says, out)
		}
	}
	if after := numbers(); !slices.Equal(before, after) {
		t.Errorf("the numbers are:\n%s\nbefore:\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
	if got := p.query(t, "SELECT kafka_topic, partitions, length(log_identity) FROM epochs WHERE shown AND topic = 'runrate.usage'"); got[0] != "runrate.usage.v2\t5\t5" {
		t.Errorf("the epoch's record: %s", got)
	}
	renamed := append([]string{"--topic-usage", "runrate.usage.v2"}, kafka...)
	must(t, usageOf("acct_30", "chat", 2, 1), append([]string{"publish", "-"}, renamed...)...)
	must(t, "", append([]string{"settle"}, renamed...)...)
	must(t, "", append([]string{"verify"}, at...)...)

	must(t, usageOf("acct_31", "chat", 2, 1), append([]string{"publish", "-"}, kafka...)...) // to the old topic
	defer func() {
		if t.Failed() {
			t.Logf("freshness says:\n%s\nthe consumer:\n%s", strings.Join(p.query(t, "SELECT topic, partition, status, reason, detail, since, written_at FROM freshness"), "\n"), running.err.String())
		}
	}()
	within(t, "freshness complains", func() bool {
		return p.query(t, "SELECT countIf(status = 'stalled' AND detail LIKE '%1 records arrived in runrate.usage after it was copied%') FROM freshness")[0] == "5"
	})
	if r := runrate(t, "", append([]string{"lag"}, at...)...); !strings.Contains(r.out, "1 records arrived in runrate.usage after it was copied into runrate.usage.v2") {
		t.Errorf("lag, exit %d:\n%s%s", r.code, r.out, r.err)
	}
	if got := p.query(t, "SELECT count() FROM usage_events WHERE account = 'acct_31'"); got[0] != "0" {
		t.Errorf("what arrived in the old topic counts %s times", got)
	}
	running.signal(t, syscall.SIGTERM)
	if code := running.wait(t); code != 0 || strings.Contains(running.err.String(), "is halted") || !strings.Contains(running.err.String(), "records arrive in a topic that nobody folds") {
		t.Errorf("the consumer ended with %d:\n%s", code, running.err.String())
	}
}
