package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runrate/internal/stream"
)

// TestSimulate: what is printed and what is sent to Kafka are the same events,
// and the truth is the same file each time.
func TestSimulate(t *testing.T) {
	addr, client := kafka(t)
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.json"), filepath.Join(dir, "b.json")
	company := []string{"simulate", "--start", "2026-03-01", "--days", "4", "--accounts", "20", "--customers", "8", "--late", "1"}
	printed := runWith(t, "", append(company, "--print", "--truth", a)...)
	if printed.code != 0 || printed.err != "" {
		t.Fatalf("%+v", printed)
	}
	sent := runWith(t, "", append(company, "--brokers", addr, "--truth", b, "--no-ticks", "--live", "--for", "100ms")...)
	if sent.code != 0 || !strings.HasPrefix(sent.out, "sent ") {
		t.Fatalf("%+v", sent)
	}
	one, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	if string(one) != string(other) || !strings.Contains(string(one), `"end": "2026-03-05T00:00:00Z"`) {
		t.Error("the truths differ")
	}
	control, data := 0, 0
	for line := range strings.Lines(printed.out) {
		if strings.Contains(line, `"subject"`) {
			data++
		} else {
			control++
		}
	}
	found := records(t, client, stream.Usage.Topic()) + records(t, client, stream.Subscriptions.Topic())
	if want := int64(data + 4*control); found < want || found > want+10 { // and what lived for 100 ms
		t.Errorf("%d records in Kafka, want %d", found, want)
	}
}

func TestSimulateIsCalledWrongly(t *testing.T) {
	for _, args := range [][]string{
		{"--preset", "unicorn"}, {"--start", "soon"}, {"--late", "70"}, {"--late", "NaN"}, {"--format", "xml"}, {"--days", "0"},
		{"--print", "--live"}, {"--print", "--truth", "-"}, {"--no-history"}, {"--live", "--rate", "0"},
		{"--check", "--truth", "no-such-file"}, {"--accounts", "0"}, {"extra"},
	} {
		if r := runWith(t, "", append([]string{"simulate"}, args...)...); r.code != exitUsage {
			t.Errorf("%v: exit code %d: %s", args, r.code, r.err)
		}
	}
}
