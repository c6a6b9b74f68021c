//go:build cluster && linux

package cluster

import (
	"net/http"
	"regexp"
	"testing"
)

// pipeline is a `runrate up` that writes to a cluster, with a broker of its own.
type pipeline struct {
	*process
	brokers, clickhouse string // as the flags that name them
}

var (
	brokersLine = regexp.MustCompile(`(?m)^ *Kafka +(\S+)$`)
	readyLine   = regexp.MustCompile(`(?m)^ *ready when +(\S+)`)
)

// up starts a pipeline and waits until it is ready.
func up(t *testing.T, address string) *pipeline {
	t.Helper()
	return upIn(t, t.TempDir(), address)
}

// upIn is up with a directory, which one before may have left, and more flags.
func upIn(t *testing.T, dir, address string, flags ...string) *pipeline {
	t.Helper()
	p := &pipeline{clickhouse: "--clickhouse=" + address}
	p.process = start(t, runrateBinary, append([]string{"up", "--no-ticker", "--data-dir", dir, "--kafka-port", "0", "--listen", "127.0.0.1:0", p.clickhouse}, flags...)...)
	within(t, "up is ready", func() bool {
		if p.ended() {
			t.Fatalf("up ended:\n%s%s", p.out.String(), p.err.String())
		}
		ready := readyLine.FindStringSubmatch(p.out.String())
		if ready == nil {
			return false
		}
		resp, err := http.Get(ready[1])
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	p.brokers = "--brokers=" + brokersLine.FindStringSubmatch(p.out.String())[1]
	return p
}

// history is the command that publishes a small one, each time the same.
func (p *pipeline) history() []string {
	return []string{"simulate", p.brokers, "--days", "40", "--accounts", "12", "--daily", "60", "--start", "2026-06-01"}
}

// load is a small history: subscriptions, usage, late and twice-sent events, refusals.
// It returns when all of it is in ClickHouse and has been proven, number by number.
func (p *pipeline) load(t *testing.T) {
	t.Helper()
	small := append(p.history(), "--truth", t.TempDir()+"/truth.json")
	must(t, small...)
	must(t, "settle", p.brokers, "--timeout", "2m")
	must(t, append(small, "--check", p.clickhouse)...)
	must(t, "verify", p.brokers, p.clickhouse)
}
