package program

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestWrongTick walks the way back from a tick of the future as the help tells it:
// find its copies, compare, rebuild both topics without them, verify.
func TestWrongTick(t *testing.T) {
	t.Parallel()
	p, at := parts(t)
	start(t, exec.Command(binary, append([]string{"consume", "all", "--flush-every", "100ms"}, at...)...))
	now := time.Now().UTC()
	tick := func(at time.Time) string {
		return strings.Replace(tickAt(at.Format(time.RFC3339)), `"}`, `","data":{"jump":true}}`, 1)
	}
	use := func(id string) string {
		return fmt.Sprintf(`{"specversion":"1.0","type":"usage.recorded","source":"t","id":%q,"time":%q,"subject":"acct_1","data":{"product":"chat","quantities":{"in":5}}}`+"\n", id, now.Format(time.RFC3339))
	}
	publish := func(events string) {
		t.Helper()
		must(t, events, append([]string{"publish", "-"}, at[:2]...)...)
		must(t, "", append([]string{"settle"}, at[:2]...)...)
	}
	publish(priceBook + tick(now.Add(-time.Minute)) + use("before"))
	publish(tick(now.AddDate(0, 7, 0)) + use("after"))
	if got := p.query(t, "SELECT sum(events), (SELECT groupArray(toString(reason)) FROM dead_letters) FROM usage_hourly"); got[0] != "1\t['too_old']" {
		t.Fatalf("%q: the wrong tick does no harm", got)
	}
	find := regexp.MustCompile(`(?s)SELECT concat\('--without.*?HOUR`).FindString(must(t, "", "rebuild", "--help"))
	without := map[string][]string{}
	for _, flag := range p.query(t, find) {
		place := strings.TrimPrefix(flag, "--without ")
		topic := strings.TrimPrefix(place[:strings.Index(place, "/")], "runrate.")
		without[topic] = append(without[topic], "--without", place)
	}
	if len(without["usage"]) != 4 || len(without["subscriptions"]) != 4 {
		t.Fatalf("the help finds %v", without)
	}
	rebuild := func(topic string, more ...string) string {
		t.Helper()
		return must(t, "", append(append(append([]string{"rebuild", topic, "--reason", "a wrong tick"}, more...), without[topic]...), at...)...)
	}
	if got := rebuild("usage", "--compare"); !regexp.MustCompile(`(?m)^accounting: accepted +1 +2 +1$`).MatchString(got) || !strings.Contains(got, "The views show epoch 0 as before") {
		t.Errorf("--compare says:\n%s", got)
	}
	rebuild("usage")
	rebuild("subscriptions")
	must(t, "", append([]string{"settle"}, at[:2]...)...)
	if got := p.query(t, "SELECT sum(events), (SELECT (sum(skipped), sum(refused)) FROM accounting), (SELECT sum(length(exclusions)) FROM epochs WHERE shown) FROM usage_hourly"); got[0] != "2\t(4,0)\t4" {
		t.Errorf("after it: %q", got)
	}
	must(t, "", append([]string{"verify", "--strict"}, at...)...)
	if r := runrate(t, "", append([]string{"resume", "--accept-loss", "runrate.usage/0"}, at...)...); r.code == 0 || !strings.Contains(r.err, "runrate.usage/0 has no loss to accept") {
		t.Errorf("nothing is lost: exit %d\n%s", r.code, r.err)
	}
}
