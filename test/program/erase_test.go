package program

import (
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// eraseSQL are the statements of docs/OPERATIONS.md, by table.
func eraseSQL(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/OPERATIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	statements := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^ALTER TABLE revenue\.(\w+) DELETE .*$`).FindAllStringSubmatch(string(page), -1) {
		statements[m[1]] = m[0]
	}
	return statements
}

// TestErase erases an account by the statements of docs/OPERATIONS.md: they are for every
// table that has accounts, none of which names it then, and no sum changes. The proof sees it.
func TestErase(t *testing.T) {
	t.Parallel()
	p, at := parts(t)
	kafka := at[:2]
	running := start(t, exec.Command(binary, append([]string{"consume", "all", "--flush-every", "50ms"}, at...)...))
	subscription := func(account, id string) string {
		return `{"specversion":"1.0","type":"subscription.changed","source":"t","id":"` + id + `","time":"2026-11-02T10:00:00Z","subject":"` + account +
			`","data":{"subscription":"s","line":"api","plan":"team","status":"active","quantity":1,"unit_amount":"30.00","currency":"USD","interval":"month"}}` + "\n"
	}
	publish := func(events string) {
		t.Helper()
		must(t, events, append([]string{"publish", "-"}, kafka...)...)
		must(t, "", append([]string{"settle"}, kafka...)...)
	}
	const gone = "acct_gone"
	publish(priceBook + tickAt("2026-11-02T12:00:00Z") + usageOf(gone, "chat", 2, 3) + usageOf(gone, "unpriced", 2, 1) + subscription(gone, "1") +
		usageOf("acct_1", "chat", 2, 5) + subscription("acct_1", "2"))
	must(t, "", append([]string{"redrive", "--reason", "unknown_product"}, at...)...)
	publish(tickAt("2026-11-03T00:00:00Z")) // a later flush of every partition

	named := func() map[string]string {
		found := map[string]string{}
		for _, table := range p.query(t, "SELECT DISTINCT table FROM system.columns WHERE database = 'revenue' AND table LIKE '%_versions' AND name IN ('account', 'key')") {
			column := "account"
			if table == "dead_letter_versions" {
				column = "key || payload"
			}
			found[table] = p.query(t, "SELECT count() FROM "+table+" WHERE position("+column+", '"+gone+"') > 0")[0]
		}
		return found
	}
	sums := func() (all []string) {
		for _, view := range []string{"usage_hourly", "rolling_revenue", "active_accounts", "arr", "mrr", "net_new_arr", "accounting"} {
			all = append(all, p.query(t, "SELECT * FROM "+view+" ORDER BY ALL")...)
		}
		return all
	}
	statements, before, had := eraseSQL(t), sums(), named()
	if got, want := slices.Sorted(maps.Keys(statements)), slices.Sorted(maps.Keys(had)); !slices.Equal(got, want) {
		t.Errorf("the page erases from %v, accounts are in %v", got, want)
	}
	for table, rows := range had {
		if rows == "0" {
			t.Errorf("%s had nothing to erase", table)
		}
	}
	for _, sql := range statements {
		p.query(t, sql, "param_account="+gone)
	}
	for table, rows := range named() {
		if rows != "0" {
			t.Errorf("%s has %s rows of it", table, rows)
		}
	}
	if after := sums(); !slices.Equal(before, after) {
		t.Errorf("the sums are:\n%s\nbefore:\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
	publish(usageOf("acct_1", "chat", 3, 7) + tickAt("2026-11-04T00:00:00Z")) // it goes on
	if r := runrate(t, "", append([]string{"verify"}, at...)...); r.code != 1 || !strings.Contains(r.out+r.err, "usage_hourly") {
		t.Errorf("verify: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if out := running.err.String(); strings.Contains(out, "is halted") || strings.Contains(out, "lost rows") {
		t.Errorf("the consumer said:\n%s", out)
	}
}
