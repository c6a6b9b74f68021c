//go:build clients

package clients

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// project is a copy of a dbt project of its own, beside a pipeline.
type project struct {
	p   *pipeline
	dir string
}

func dbt(t *testing.T, p *pipeline, from string) project {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return project{p, dir}
}

// cmd is a dbt command that takes every warning for an error.
func (d project) cmd(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(absolute(t, cache+"/dbt/bin/dbt"), append([]string{"--no-version-check", "--no-use-colors", "--quiet", "--warn-error"}, args...)...)
	cmd.Dir = d.dir
	t.Setenv("RUNRATE_DBT_PORT", strconv.Itoa(d.p.http))
	t.Setenv("RUNRATE_DBT_PACKAGE", absolute(t, root+"/deploy/dbt"))
	t.Setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
	return cmd
}

// failed are the nodes of the last command that did not come out well, by name.
func (d project) failed(t *testing.T, file string) (failed []string, all int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.dir, "target", file))
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Results []struct {
			ID     string `json:"unique_id"`
			Status string `json:"status"`
		} `json:"results"`
	}
	if err := json.Unmarshal(text, &said); err != nil {
		t.Fatal(err)
	}
	for _, r := range said.Results {
		if r.Status != "success" && r.Status != "pass" {
			failed = append(failed, strings.Split(r.ID, ".")[2]+" "+r.Status)
		}
	}
	slices.Sort(failed)
	return failed, len(said.Results)
}

// ownModel runs a model of an analyst's own project over the package's, into a table,
// which has the sum exactly.
func ownModel(t *testing.T, p *pipeline, want string) {
	d := dbt(t, p, "dbt")
	output(t, d.cmd(t, "deps"))
	output(t, d.cmd(t, "run", "--select", "+revenue_by_source"))
	if got := p.query(t, "SELECT toString(sum(revenue)), count() FROM analytics.revenue_by_source")[0]; got != strings.TrimRight(want, "0")+"\t"+strconv.Itoa(len(sources())) {
		t.Errorf("sum of revenue and sources: %s, want %s", got, want)
	}
}

// lived is a history of 70 days up to now, as NDJSON: usage of three
// accounts, some hours late, adjustments in two currencies, subscriptions that come, grow and go.
func lived(now time.Time) string {
	var b strings.Builder
	n := 0
	say := func(at time.Time, kind, account, data string) {
		n++
		fmt.Fprintf(&b, `{"specversion":"1.0","type":%q,"source":"test","id":"%d","time":%q,"subject":%q,"data":%s}`+"\n", kind, n, at.Format(time.RFC3339), account, data)
	}
	begin := now.Truncate(24*time.Hour).AddDate(0, 0, -70)
	say(begin, "pricebook.published", "", `{"version":"1","currency":"USD","products":[{"product":"chat","line":"api","meters":{"in":[{"effective_from":"2020-01-01T00:00:00Z","unit":1000,"price":"1.25","cost":"0.4"}]}}]}`)
	say(begin, "rates.published", "", `{"version":"1","reference":"USD","rates":[{"currency":"EUR","effective_from":"2020-01-01T00:00:00Z","rate":"1.1"}]}`)
	for day := range 71 {
		at := begin.AddDate(0, 0, day)
		if at.After(now) {
			break
		}
		say(at, "clock.ticked", "", "{}")
		for i, account := range []string{"a", "b", "c"} {
			if then := at.Add(time.Duration(-3*i-1) * time.Hour); day%(i+1) == 0 {
				say(then, "usage.recorded", account, fmt.Sprintf(`{"product":"chat","quantities":{"in":%d},"region":"eu"}`, 1000+day*7))
				say(then, "adjustment.recorded", account, fmt.Sprintf(`{"product":"chat","amount":"%d.5","currency":%q,"reason":"test","one_off":%t}`, i-1, []string{"USD", "EUR"}[day%2], day%3 == 0))
			}
		}
		if day%5 == 0 {
			say(at, "subscription.changed", "a", fmt.Sprintf(`{"subscription":"s%d","line":"app","plan":"team","status":%q,"quantity":%d,"unit_amount":"30","currency":"EUR","interval":"month"}`,
				day%4, []string{"active", "active", "paused"}[day/5%3], 1+day%7))
		}
	}
	say(now, "clock.ticked", "", "{}")
	return b.String()
}

// TestDBT: the package deploy/dbt is parsed, compiled, built and tested without a
// warning over a pipeline; a pipeline without a clock is not fresh; and rows that were
// tampered with fail the tests that are about them, and no other.
func TestDBT(t *testing.T) {
	p := up(t, "--no-ticker")
	d := dbt(t, p, root+"/deploy/dbt")
	if out, err := d.cmd(t, "source", "freshness").CombinedOutput(); err == nil {
		t.Errorf("nothing was ever folded, and the sources are fresh:\n%s", out)
	}
	if failed, all := d.failed(t, "sources.json"); len(failed) != all || all < 5 {
		t.Errorf("of %d sources only %v are not fresh", all, failed)
	}
	p.runrate(t, lived(time.Now().UTC()), "publish", "--brokers", p.brokers(), "-")
	p.runrate(t, "", "settle", "--brokers", p.brokers())
	for _, args := range [][]string{{"parse"}, {"compile"}, {"build"}, {"source", "freshness"}} {
		output(t, d.cmd(t, args...))
	}
	first(t, d)
	models, err := filepath.Glob(root + "/deploy/dbt/models/staging/stg_*.sql")
	if err != nil || len(models) == 0 {
		t.Fatalf("%d models: %v", len(models), err)
	}
	for _, m := range models {
		name := strings.TrimSuffix(filepath.Base(m), ".sql")
		rows := p.query(t, "SELECT count() FROM analytics."+name)[0]
		if want := !slices.Contains([]string{"stg_dead_letters", "stg_fx_missing"}, name); (rows != "0") != want {
			t.Errorf("%s has %s rows", name, rows)
		}
	}
	tampered(t, d)
}

// first runs the commands of the package's page, which bring a first result, but for the
// one that installs dbt: that names what is pinned.
func first(t *testing.T, d project) {
	t.Helper()
	page, err := os.ReadFile(root + "/deploy/dbt/README.md")
	if err != nil {
		t.Fatal(err)
	}
	pins, err := os.ReadFile("python/dbt.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(fence.FindStringSubmatch(string(page))[2]) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
		if packages, ok := strings.CutPrefix(line, "pip install "); ok {
			for _, pin := range strings.Fields(packages) {
				if !strings.Contains(string(pins), "\n"+pin+" ") {
					t.Errorf("the page installs %s, which is not pinned", pin)
				}
			}
			continue
		}
		cmd := d.cmd(t)
		t.Setenv("PATH", filepath.Dir(cmd.Path)+":"+os.Getenv("PATH"))
		shell := exec.Command("sh", "-c", line)
		shell.Dir = d.dir
		if said := output(t, shell); !strings.Contains(said, "api") && !strings.Contains(said, "Completed successfully") {
			t.Errorf("%s: %s", line, said)
		}
	}
}

// tampered changes rows, each under a version that wins, and holds what dbt says of all
// of them.
func tampered(t *testing.T, d project) {
	t.Helper()
	for _, change := range []string{
		"usage_hour_versions SELECT * REPLACE (revenue + toDecimal128('0.000000000001', 12) AS revenue, version + 1000 AS version) FROM usage_hour_versions FINAL ORDER BY hour DESC LIMIT 1",
		"mrr_movement_versions SELECT * REPLACE (-amount AS amount, version + 1000 AS version) FROM mrr_movement_versions FINAL WHERE movement = 'expansion' LIMIT 1",
		"mrr_versions SELECT * REPLACE (mrr + 1 AS mrr, version + 1000 AS version) FROM mrr_versions FINAL WHERE mrr > 0 ORDER BY as_of DESC LIMIT 1",
		"net_new_arr_versions SELECT * REPLACE (churn + 1 AS churn, closing + 2 AS closing, version + 1000 AS version) FROM net_new_arr_versions FINAL WHERE accounts > 0 ORDER BY as_of LIMIT 1",
		"rolling_revenue_versions SELECT * REPLACE (revenue + 1 AS revenue, one_off - 1 AS one_off, version + 1000 AS version) FROM rolling_revenue_versions FINAL WHERE `window` = '28d' ORDER BY as_of DESC LIMIT 1",
		"usage_event_versions SELECT * REPLACE (partition + 1 AS partition) FROM usage_event_versions FINAL ORDER BY time DESC LIMIT 1",
		"progress_versions SELECT * REPLACE (accepted + 1 AS accepted, next_offset + 1000 AS next_offset) FROM progress_versions FINAL LIMIT 1",
	} {
		d.p.query(t, "INSERT INTO "+change)
	}
	out, err := d.cmd(t, "test").CombinedOutput()
	failed, all := d.failed(t, "run_results.json")
	want := []string{
		"account_arr_adds_up_to_arr fail", "bridge_adds_up fail", "bridge_closes_at_arr fail", "bridge_has_its_signs fail", "each_offset_is_accounted_for fail",
		"movements_have_their_sign fail", "mrr_is_its_movements fail", "rolling_revenue_is_its_panes fail",
		"unique_combination_stg_usage_events_account__source__id__time fail", "usage_arr_is_its_window fail", "usage_hourly_is_its_events fail",
	}
	if !slices.Equal(failed, want) {
		t.Errorf("of %d tests these do not pass (%v):\n%s\nwant:\n%s\n%s", all, err, strings.Join(failed, "\n"), strings.Join(want, "\n"), out)
	}
}
