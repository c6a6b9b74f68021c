package program

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"runrate/deploy/local"
	"runrate/test/localtest"
)

// parts are a broker and a ClickHouse without consumers, each command of the
// binary pointed at them.
func parts(t *testing.T) (*pipeline, []string) {
	t.Helper()
	addr := kafkaAlone(t)
	ch, err := local.StartClickHouse(context.Background(), local.Config{Dir: localtest.Dir(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ch.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	_, port, err := net.SplitHostPort(ch.HTTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	p := &pipeline{}
	if _, err := fmt.Sscan(port, &p.http); err != nil {
		t.Fatal(err)
	}
	at := []string{"--brokers", addr, "--clickhouse", ch.TCPAddr()}
	must(t, "", "migrate", "--clickhouse", ch.TCPAddr())
	return p, at
}

const priceBook = `{"specversion":"1.0","type":"pricebook.published","source":"t","id":"b1","time":"2026-11-01T00:00:00Z","data":` +
	`{"version":"1","currency":"USD","products":[{"product":"chat","line":"api","meters":{"in":[{"effective_from":"2026-01-01T00:00:00Z","unit":1,"price":"2"}]}}]}}` + "\n"

func usageOf(account, product string, day, n int) string {
	return fmt.Sprintf(`{"specversion":"1.0","type":"usage.recorded","source":"t","id":"%s-%d-%d","time":"2026-11-%02dT12:00:00Z","subject":"%s","data":{"product":"%s","quantities":{"in":%d}}}`+"\n",
		account, day, n, day, account, product, n)
}

func tickAt(time string) string {
	return `{"specversion":"1.0","type":"clock.ticked","source":"t","id":"t","time":"` + time + `"}` + "\n"
}

// TestRebuild refolds a topic beside its consumers, which run on and go over to the
// new epoch by themselves, and changes the definition of usage ARR with it. The rows
// are the same; what comes later goes on from there.
func TestRebuild(t *testing.T) {
	t.Parallel()
	p, at := parts(t)
	events := priceBook + tickAt("2026-11-02T12:00:00Z")
	for i := range 20 {
		events += usageOf(fmt.Sprint("acct_", i), "chat", 2, i)
	}
	events += usageOf("acct_1", "chat", 2, 1) + tickAt("2026-11-03T00:00:00Z")
	running := start(t, exec.Command(binary, append([]string{"consume", "all", "--flush-every", "100ms"}, at...)...))
	must(t, events, append([]string{"publish", "-"}, at[:2]...)...)
	must(t, "", append([]string{"settle"}, at[:2]...)...)
	views := func() (all []string) {
		for _, view := range []string{"usage_events", "usage_hourly", "rolling_revenue", "active_accounts", "accounting", "dead_letters"} {
			rows := p.query(t, "SELECT * FROM "+view+" ORDER BY ALL")
			for _, row := range rows {
				all = append(all, view+"\t"+row)
			}
		}
		return all
	}
	arr := func() string {
		return strings.Join(p.query(t, "SELECT usage_arr FROM arr WHERE as_of = '2026-11-03 00:00:00'"), ",")
	}
	before := views()
	if got := arr(); got != "4940" { // 13 x 380
		t.Fatalf("usage ARR is %s, want 4940", got)
	}

	must(t, "", append([]string{"rebuild", "usage", "--reason", "a test", "--arr-window-days", "30", "--arr-multiplier", "12"}, at...)...)
	if after := views(); !slices.Equal(before, after) {
		t.Errorf("the rebuilt views differ:\n%s\nbefore:\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
	if got := arr(); got != "4560" { // 12 x 380
		t.Errorf("usage ARR is %s after the rebuild, want 4560", got)
	}

	changed := must(t, "", append([]string{"rebuild", "usage", "--reason", "what if", "--compare", "--arr-window-days", "28", "--arr-multiplier", "10"}, at...)...)
	if want := regexp.MustCompile(`(?m)^2026-11-03 +api +USD +4560 +3800 +-760$`); !want.MatchString(changed) {
		t.Errorf("--compare does not show the midnight:\n%s", changed)
	}
	for wrong, args := range map[string][]string{
		"--mrr-statuses is of subscriptions": {"usage", "--mrr-statuses", "active"},
		"are of usage":                       {"subscriptions", "--arr-multiplier", "12"},
		`"canceled" is no status`:            {"subscriptions", "--mrr-statuses", "active,canceled"},
	} {
		r := runrate(t, "", append(append([]string{"rebuild", "--reason", "a test"}, args...), at...)...)
		if r.code == 0 || !strings.Contains(r.err, wrong) {
			t.Errorf("%v ended with %d: %s", args, r.code, r.err)
		}
	}

	must(t, tickAt("2026-11-03T12:00:00Z")+usageOf("acct_1", "chat", 3, 5)+usageOf("acct_2", "chat", 2, 2)+tickAt("2026-11-04T00:00:00Z"), append([]string{"publish", "-"}, at[:2]...)...)
	must(t, "", append([]string{"settle"}, at[:2]...)...)
	if got := p.query(t, "SELECT sum(accepted), sum(duplicate), sum(refused) FROM accounting WHERE topic = 'runrate.usage'"); got[0] != "21\t2\t0" {
		t.Errorf("accounting after the rebuild: %s", got)
	}
	must(t, "", append([]string{"verify"}, at...)...)
	running.signal(t, syscall.SIGTERM)
	if code := running.wait(t); code != 0 || strings.Contains(running.err.String(), "is halted") {
		t.Errorf("the consumer ended with %d:\n%s", code, running.err.String())
	}
}
