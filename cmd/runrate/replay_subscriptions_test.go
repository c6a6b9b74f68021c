package main

import (
	"path/filepath"
	"strings"
	"testing"

	"runrate/internal/stream"
)

func TestReplaySubscriptions(t *testing.T) {
	addr, c := kafka(t)
	got := runWith(t, "", "replay-subscriptions", "--brokers", addr)
	if got.code != 0 || !strings.Contains(got.out, "subscription.changed   383") ||
		!strings.Contains(got.out, "300 subscriptions of 21,173.50 USD a month in all; 83 of 5,945.40 cancel then, and 15,228.10 remain") {
		t.Errorf("%+v", got)
	}
	sent := records(t, c, stream.Subscriptions.Topic())
	file := filepath.Join(t.TempDir(), "events.ndjson")
	if got := runWith(t, "", "replay-subscriptions", "--output", file); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if got := runWith(t, "", "publish", "--brokers", addr, file); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if n := records(t, c, stream.Subscriptions.Topic()); n != 2*sent {
		t.Errorf("%d records sent directly, %d by way of a file", sent, n-sent)
	}
	for _, tt := range []struct {
		args []string
		code int
		err  string
	}{
		{[]string{"--end", "yesterday"}, exitUsage, "--end"},
		{[]string{"a.csv", "b.csv"}, exitUsage, "accepts at most 1 arg"},
		{[]string{"no/such/file.csv"}, 1, "no such file"},
	} {
		got := runWith(t, "", append([]string{"replay-subscriptions"}, tt.args...)...)
		if got.code != tt.code || !strings.Contains(got.err, tt.err) {
			t.Errorf("%v: %+v", tt.args, got)
		}
	}
}

func TestReportIsCalledRightly(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		err  string
	}{
		{[]string{"--as-of", "today"}, exitUsage, "--as-of"},
		{[]string{"--clickhouse", "127.0.0.1:1"}, 1, "connection refused"},
	} {
		got := runWith(t, "", append([]string{"report"}, tt.args...)...)
		if got.code != tt.code || !strings.Contains(got.err, tt.err) {
			t.Errorf("%v: %+v", tt.args, got)
		}
	}
}
