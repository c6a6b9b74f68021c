//go:build alerts

package alerts

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Bounds, all counted from what the alert is of: to the page 60 s until the status says
// so, 5 s poll, 15 s scrape, 15 s evaluation, 10 s group wait, which are 105 s and what a
// busy machine adds; to the end of it 30 s in which the status is held, a poll, a scrape,
// an evaluation, 2 minutes for which the alert is kept, and Alertmanager's next minute.
const (
	toPage     = 2 * time.Minute
	atWorst    = 105 * time.Second
	toResolved = 5 * time.Minute
)

// sentence is what is said of a dead consumer's partitions.
var sentence = regexp.MustCompile(`^runrate\.subscriptions/[01] is stopped, its next record waits for 1m \d+s, \d+ records are not folded: numbers of its accounts stand still\.$`)

// TestPage: with the rules and samples as committed, on real processes: the only consumer
// of the subscriptions is killed, and somebody is woken within two minutes by a sentence
// and a runbook, and told when it is over. Both consumers of the usage are restarted one
// after the other, and nobody is woken for it.
func TestPage(t *testing.T) {
	t.Parallel()
	p, to := begin(t), receive(t)
	subscriptions := p.consume(t, "subscriptions")
	usage := []*consumer{p.consume(t, "usage"), p.consume(t, "usage")}
	watch := p.start(t, free(t), "monitor", "--brokers", p.kafka, "--clickhouse", p.clickhouse, "--notify", to.url+"/notify/T0K3N")
	prometheus := p.watch(t, to)
	within(t, patience(), "all processes are scraped, and each partition is consumed", func() bool {
		return ask(t, prometheus, `count(up == 1)`) == strconv.Itoa(len(p.watched)) && ask(t, prometheus, `count(runrate:partition_status{status=~"ok|idle"} == 1)`) == "4"
	})

	killed := time.Now()
	subscriptions.kill()
	for _, c := range usage {
		c.stop(t)
		c.begin(t)
	}
	rolled := time.Now()

	var page alert
	var came time.Time
	within(t, killed.Add(toPage), "a page for the dead consumer", func() (ok bool) {
		page, came, ok = to.find("PartitionNotConsumed", "firing", "runrate.subscriptions")
		return ok
	})
	t.Logf("the page came %v after the death: %s", came.Sub(killed).Round(time.Second), page.Annotations["summary"])
	reads(t, page)

	told(t, to, "firing", killed.Add(toPage))

	began := time.Now()
	subscriptions.begin(t)
	within(t, began.Add(toResolved), "the page is resolved", func() (ok bool) {
		_, came, ok = to.find("PartitionNotConsumed", "resolved", "runrate.subscriptions")
		return ok
	})
	t.Logf("it was resolved %v after the consumer was started again", came.Sub(began).Round(time.Second))

	told(t, to, "resolved", began.Add(toResolved))
	if log, err := os.ReadFile(watch.log); err != nil || strings.Contains(string(log), "T0K3N") {
		t.Errorf("the monitor's log tells the secret of its webhook, or is not there: %v", err)
	}

	within(t, rolled.Add(atWorst+toResolved), "time for a page of the restarts", func() bool { return time.Since(rolled) > atWorst })
	pages, at := to.pages()
	for i, a := range pages {
		if a.Labels["topic"] != "runrate.subscriptions" {
			t.Errorf("%v after the restarts somebody is woken: %v", at[i].Sub(rolled), a)
		}
	}
}

// told: the monitor itself tells its webhook of the dead consumer, and of nothing else.
func told(t *testing.T, to *receiver, status string, by time.Time) {
	t.Helper()
	within(t, by, "the monitor's own message: "+status, func() bool {
		m, ok := to.byMonitor(t, status)
		return ok && (status == "resolved" || len(m.Alerts) == 2)
	})
	if m, _ := to.byMonitor(t, status); m.Alerts[0].Status != status || m.Alerts[0].Labels["status"] != "stopped" {
		t.Errorf("the monitor tells: %v", m.Alerts)
	}
}

// reads: the page says what is wrong, in numbers, and where it is written what to do.
func reads(t *testing.T, page alert) {
	t.Helper()
	if page.Labels["severity"] != "page" || !sentence.MatchString(page.Annotations["summary"]) {
		t.Errorf("the page has the labels %v, and says: %s", page.Labels, page.Annotations["summary"])
	}
	link := page.Annotations["runbook_url"]
	if link != "deploy/runbooks/PartitionNotConsumed.md" {
		t.Errorf("its runbook is %q", link)
	}
	if _, err := os.Stat(filepath.Join(root, link)); err != nil {
		t.Error(err)
	}
}
