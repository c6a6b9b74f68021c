package program

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"runrate/deploy/local"
	"runrate/test/localtest"
)

// kafkaAlone is a broker with the topics and no consumer.
func kafkaAlone(t *testing.T) (brokers string) {
	t.Helper()
	b, err := local.StartBroker(context.Background(), local.BrokerConfig{Dir: localtest.Dir(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	})
	must(t, "", "topics", "--brokers", b.Addr(), "--partitions", "2")
	return b.Addr()
}

// TestPublishReportsBadLines: they are named by their numbers, all others are
// sent, and the exit code is not 0.
func TestPublishReportsBadLines(t *testing.T) {
	t.Parallel()
	addr := kafkaAlone(t)
	usage := `{"specversion":"1.0","type":"usage.recorded","source":"s","id":"1","time":"2026-11-01T00:00:00Z","subject":"acct_42","data":{}}`
	file := filepath.Join(t.TempDir(), "events.ndjson")
	if err := os.WriteFile(file, []byte(strings.Join([]string{
		usage,
		`nonsense`,
		``,
		usage,
		`{"specversion":"1.0","type":"usage.deleted","subject":"acct_42"}`,
		`{"specversion":"1.0","type":"usage.recorded"}`,
		`{"type":"usage.recorded","subject":"acct_42"`,
		usage + usage,
		strings.TrimSuffix(tick, "\n"),
		`{"type":"usage.recorded","subject":"acct_42","data":"` + strings.Repeat("x", 1_100_000) + `"}`,
		usage, // without a line break
	}, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{file}, {"-"}} {
		stdin, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r := runrate(t, string(stdin), append([]string{"publish", "--brokers", addr}, args...)...)
		if r.code != 1 {
			t.Errorf("exit code %d, want 1", r.code)
		}
		for _, want := range []string{"line 2: ", "line 5: ", "usage.deleted", "line 6: ", "no subject", "line 7: ", "line 8: ", "line 10: ", "6 events could not be sent"} {
			if !strings.Contains(r.err, want) {
				t.Errorf("%q is not in:\n%.2000s", want, r.err)
			}
		}
		if n := strings.Count(r.err, "line "); n != 6 {
			t.Errorf("%d lines are reported, want 6:\n%.2000s", n, r.err)
		}
		for _, want := range []string{"sent 4 events", "usage.recorded         3", "5 records to runrate.usage", "2 records to runrate.subscriptions"} {
			if !strings.Contains(r.out, want) {
				t.Errorf("%q is not in:\n%s", want, r.out)
			}
		}
	}
}

// TestSettleWithoutConsumers: it gives up in time and names what lags.
func TestSettleWithoutConsumers(t *testing.T) {
	t.Parallel()
	addr := kafkaAlone(t)
	must(t, tick, "publish", "--brokers", addr, "-")
	began := time.Now()
	r := runrate(t, "", "settle", "--brokers", addr, "--timeout", "1s")
	if took := time.Since(began); took < time.Second || took > 15*time.Second {
		t.Errorf("it took %v", took)
	}
	if r.code != 1 || !strings.Contains(r.err, "4 records in 4 partitions") {
		t.Errorf("exit code %d:\n%s", r.code, r.err)
	}
	var late []string
	for line := range strings.Lines(r.err) {
		if fields := strings.Fields(line); len(fields) == 7 && strings.HasPrefix(fields[0], "runrate.") {
			late = append(late, strings.Join(fields, " "))
		}
	}
	want := "runrate.usage 0 none 1 1 unknown unknown, runrate.usage 1 none 1 1 unknown unknown, runrate.subscriptions 0 none 1 1 unknown unknown, runrate.subscriptions 1 none 1 1 unknown unknown"
	if got := strings.Join(late, ", "); got != want {
		t.Errorf("partitions (committed, end, lag, clock, status) %s\nwant %s", got, want)
	}
}
