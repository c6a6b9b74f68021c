package notify

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"runrate/internal/lag/judge"
	"runrate/internal/lag/monitor"
)

var update = flag.Bool("update", false, "write testdata anew")

// TestMessage: the form of a message, with all that it can have.
func TestMessage(t *testing.T) {
	began := time.Date(2026, 11, 23, 7, 31, 0, 0, time.UTC)
	of := &topic{partitions: map[int32]*partition{}}
	show := func(at time.Duration, rows ...monitor.Row) time.Time {
		for _, r := range rows {
			r.Topic, r.Group = "runrate.usage", "runrate-usage"
			of.observe(began.Add(at), r)
		}
		return began.Add(at)
	}
	stopped := monitor.Row{Partition: 0, Status: judge.Stopped, Sentence: "nobody owns the partition, and nothing was committed for 1m0s; committed 40 of 105, 65 to go"}
	halted := monitor.Row{Partition: 1, Status: judge.Halted, Reason: "log_gap", Sentence: "its consumer halted it (log_gap); committed 7 of 105, 98 to go"}
	now := show(Wait, stopped, halted)
	if of.message(now, 0) != nil {
		t.Error("it is told at once")
	}
	now = show(2*Wait, stopped, halted)
	of.tell(now, of.message(now, 0))
	well := monitor.Row{Partition: 0, Status: judge.OK, Sentence: "keeps up; committed 300 of 300, 0 to go"}
	unread := monitor.Row{Partition: -1, Status: judge.Unknown, Sentence: "none of its partitions could be read: away"}
	show(time.Minute, well, unread, halted)
	now = show(time.Minute+Well, well, unread, halted)
	got, err := json.MarshalIndent(of.message(now, 0), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/message.json"
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || string(got)+"\n" != string(want) {
		t.Errorf("%v: it is\n%s", err, got)
	}
	page, err := os.ReadFile("../../../docs/ALERTS.md")
	if err != nil || !strings.Contains(string(page), string(want)) {
		t.Errorf("docs/ALERTS.md has another message: %v", err)
	}
}

// TestRunbooks: each page that a message leads to is there.
func TestRunbooks(t *testing.T) {
	halts, err := filepath.Glob("../../../deploy/runbooks/halted-*.md")
	if err != nil || len(halts) < 10 {
		t.Fatalf("%d pages: %v", len(halts), err)
	}
	reason := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(halts[0]), "halted-"), ".md")
	for _, status := range judge.Severities() {
		if !status.Pages() {
			continue
		}
		p := partition{row: monitor.Row{Status: status, Reason: reason}, bad: time.Unix(1, 0)}
		link := p.alert(0).Annotations["runbook_url"]
		if _, err := os.Stat("../../../" + link); err != nil {
			t.Errorf("%s: %v", status, err)
		}
	}
}

// TestMany: a message of more partitions than it may have says how many are left out, and
// all of them are told.
func TestMany(t *testing.T) {
	of := &topic{partitions: map[int32]*partition{}}
	began := time.Unix(1_800_000_000, 0)
	for p := range int32(250) {
		of.observe(began, monitor.Row{Topic: "t", Partition: p, Status: judge.Lost})
	}
	m := of.message(began.Add(Wait), 0)
	if len(m.Alerts) != 100 || m.Truncated != 150 || !strings.HasSuffix(m.Text, "\nand 240 more") || strings.Count(m.Text, "\n") != 10 {
		t.Errorf("%d alerts, %d left out: %s", len(m.Alerts), m.Truncated, m.Text)
	}
	of.tell(began.Add(Wait), m)
	if again := of.message(began.Add(2*Wait), 0); again != nil {
		t.Errorf("%d are told again", len(again.Alerts))
	}
}
