//go:build alerts

package alerts

import (
	"context"
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"runrate/deploy/local"
)

// pipeline is a broker, a ClickHouse, a ticker and a monitor, each a process of its own.
type pipeline struct {
	kafka, clickhouse string
	http              string   // of ClickHouse
	watched           []string // the admin addresses
}

// begin starts a pipeline without consumers; it ends with the test.
func begin(t *testing.T) *pipeline {
	t.Helper()
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(2*time.Minute))
	defer cancel()
	dir := t.TempDir()
	kafka, err := local.StartBrokerProcess(ctx, local.BrokerConfig{Dir: filepath.Join(dir, "broker"), ClockTopic: "runrate.clock"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kafka.Kill() })
	tables, err := local.StartClickHouse(ctx, local.Config{Dir: filepath.Join(dir, "clickhouse")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tables.Kill() })
	p := &pipeline{kafka: kafka.Addr(), clickhouse: tables.TCPAddr(), http: tables.HTTPAddr()}
	for _, args := range [][]string{{"migrate", "--clickhouse", p.clickhouse}, {"topics", "--brokers", p.kafka, "--partitions", "2"}} {
		if out, err := exec.CommandContext(ctx, binary, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	p.start(t, free(t), "tick", "--brokers", p.kafka)
	return p
}

// start starts a command that has an admin listener.
func (p *pipeline) start(t *testing.T, listen string, args ...string) *process {
	t.Helper()
	p.watched = append(p.watched, listen)
	return start(t, binary, append(args, "--admin-listen", listen)...)
}

// consumer is a `runrate consume` of a topic.
type consumer struct {
	*process
	p             *pipeline
	kind, listens string
}

// consume starts a consumer, and waits until it does its work.
func (p *pipeline) consume(t *testing.T, kind string) *consumer {
	t.Helper()
	c := &consumer{p: p, kind: kind, listens: free(t)}
	p.watched = append(p.watched, c.listens)
	c.begin(t)
	return c
}

// begin starts it, at first or again, as another process at the same address.
func (c *consumer) begin(t *testing.T) {
	t.Helper()
	c.process = start(t, binary, "consume", c.kind, "--brokers", c.p.kafka, "--clickhouse", c.p.clickhouse, "--admin-listen", c.listens)
	within(t, patience(), "a consumer of "+c.kind+" is ready", func() bool { return answers("http://" + c.listens + "/readyz") })
}

// answers says whether a GET is answered by 200.
func answers(url string) bool {
	resp, err := http.Get(url)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
