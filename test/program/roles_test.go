package program

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"runrate/internal/stream"
	"runrate/test/guarded"
)

// passwordFile is a file with the password of a role at ClickHouse.
func passwordFile(t *testing.T, role string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), role)
	if err := os.WriteFile(path, []byte(guarded.Password(role)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// guardedParts are a ClickHouse with roles and a broker.
type guardedParts struct {
	t         *testing.T
	ch, kafka string // addresses, ClickHouse's for TCP
	http      string // ClickHouse's for its owner
}

// as is a command line with a role at ClickHouse.
func (g guardedParts) as(role string, args ...string) []string {
	return append(args, "--clickhouse", g.ch, "--clickhouse-user", guarded.Name(role), "--clickhouse-password-file", passwordFile(g.t, role))
}

// consume starts a consumer of both topics.
func (g guardedParts) consume() *program {
	return start(g.t, exec.Command(binary, g.as("writer", "consume", "all", "--brokers", g.kafka, "--flush-every", "100ms", "--admin-listen", "127.0.0.1:0")...))
}

// refused holds that ClickHouse does not let a role do what a command does, which says so.
func (g guardedParts) refused(role string, args ...string) (said string) {
	g.t.Helper()
	r := runrate(g.t, "", g.as(role, args...)...)
	if r.code == 0 || !strings.Contains(r.err, "rivilege") {
		g.t.Errorf("%s as %s: exit %d\n%s%s", args[0], role, r.code, r.out, r.err)
	}
	return r.err
}

// settle waits until the log is folded.
func (g guardedParts) settle(args ...string) {
	must(g.t, "", g.as("reader", append([]string{"settle", "--brokers", g.kafka}, args...)...)...)
}

// TestRoles: each command does its work with the role at ClickHouse that docs/ACCESS.md
// gives it, and what writes does not with less.
func TestRoles(t *testing.T) {
	ch := guarded.Start(t)
	g := guardedParts{t: t, ch: ch.TCPAddr(), http: ch.HTTPAddr(), kafka: kafkaAlone(t)}
	for _, role := range []string{"writer", "reader", "analyst"} {
		g.refused(role, "migrate")
	}
	for range 2 {
		must(t, "", g.as("migrator", "migrate")...)
	}
	consumer := g.consume()
	send := func(events string) {
		must(t, events, "publish", "-", "--brokers", g.kafka)
		g.settle()
	}
	send(tickAt("2026-11-02T12:00:00Z") + usageOf("acct_1", "chat", 2, 1))
	send(priceBook + usageOf("acct_2", "chat", 2, 2) + usageOf("acct_3", "chat", 1, 3))
	g.refused("reader", "redrive", "--brokers", g.kafka)
	must(t, "", g.as("writer", "redrive", "--brokers", g.kafka)...)
	g.settle()
	must(t, "", g.as("writer", "rebuild", "usage", "--reason", "roles", "--brokers", g.kafka)...)
	g.settle()
	g.readers()
	g.watchers()
	consumer.signal(t, syscall.SIGTERM)
	if code, said := consumer.wait(t), consumer.err.String(); code != 0 || strings.Contains(said, "rivilege") || strings.Contains(said, "is halted") {
		t.Errorf("the consumer ended with %d:\n%s", code, said)
	}
	g.resume()
	g.repartition()
}

// readers are the commands that read.
func (g guardedParts) readers() {
	for _, command := range []string{"verify --brokers", "lag --brokers", "dead-letters list", "dead-letters stats", "explain api"} {
		must(g.t, "", g.as("reader", strings.Fields(strings.Replace(command, "--brokers", "--brokers "+g.kafka, 1))...)...)
	}
	for _, role := range []string{"reader", "analyst"} {
		if out := must(g.t, "", g.as(role, "report", "--json")...); !strings.Contains(out, `"api"`) {
			g.t.Errorf("report as %s:\n%s", role, out)
		}
	}
}

// watchers are the commands that run on, but for the consumer.
func (g guardedParts) watchers() {
	t := g.t
	for role, long := range map[string][]string{"monitor": {"monitor", "--admin-listen"}, "reader": {"gateway", "--without-keys", "--listen"}} {
		address := loopback(freePort(t))
		p := start(t, exec.Command(binary, g.as(role, append(long, address, "--brokers", g.kafka, "--log-level", "debug")...)...))
		within(t, long[0]+" is ready", func() bool {
			resp, err := http.Get("http://" + address + "/readyz")
			if err == nil {
				resp.Body.Close()
			}
			return err == nil && resp.StatusCode == http.StatusOK
		})
		if role == "monitor" {
			pageOf(t, address)
			within(t, "what the monitor reads is kept", func() bool {
				return asked(t, g.http, "SELECT count() > 0 FROM revenue.lag_history") == "1"
			})
		}
		if said := p.err.String(); strings.Contains(said, "rivilege") || strings.Contains(said, "warns of nothing") {
			t.Errorf("%s:\n%s", long[0], said)
		}
	}
}

// resume gives up records that the log has lost while no consumer ran.
func (g guardedParts) resume() {
	t, topic := g.t, stream.Usage.Topic()
	home := stream.Source{Topic: topic, Partition: stream.Partition([]byte("acct_4"), 2)}
	must(t, usageOf("acct_4", "chat", 2, 1)+usageOf("acct_4", "chat", 2, 2), "publish", "-", "--brokers", g.kafka)
	lose(t, g.kafka, home)
	must(t, usageOf("acct_4", "chat", 2, 3), "publish", "-", "--brokers", g.kafka)
	consumer := g.consume()
	within(t, "the partition is halted", func() bool {
		return asked(t, g.http, "SELECT count() FROM revenue.freshness WHERE status = 'halted' AND reason = 'log_gap'") == "1"
	})
	resume := []string{"resume", "--accept-loss", home.String(), "--brokers", g.kafka}
	for _, role := range []string{"reader", "monitor"} {
		g.refused(role, resume...)
	}
	if got := asked(t, g.http, "SELECT count() FROM revenue.losses"); got != "0" {
		t.Errorf("who may not has given up %s gaps", got)
	}
	must(t, "", g.as("writer", resume...)...)
	g.settle()
	if got := asked(t, g.http, "SELECT sum(records) FROM revenue.losses"); got != "2" {
		t.Errorf("%s records are given up, want 2", got)
	}
	consumer.signal(t, syscall.SIGTERM)
	if code, said := consumer.wait(t), consumer.err.String(); code != 0 || strings.Contains(said, "rivilege") {
		t.Errorf("the consumer ended with %d:\n%s", code, said)
	}
}

// repartition copies the topic into one with other partitions.
func (g guardedParts) repartition() {
	repartition := []string{"repartition", "usage", "--partitions", "3", "--still", "1s", "--brokers", g.kafka}
	for _, role := range []string{"reader", "monitor"} {
		if said := g.refused(role, repartition...); !strings.Contains(said, "the new topic runrate.usage.v") {
			g.t.Errorf("repartition as %s leaves a topic that it does not name: %s", role, said)
		}
	}
	if got := asked(g.t, g.http, "SELECT count() FROM revenue.epochs WHERE partitions = 3"); got != "0" {
		g.t.Errorf("who may not has opened %s epochs", got)
	}
	must(g.t, "", g.as("writer", repartition...)...)
	if got := asked(g.t, g.http, "SELECT partitions FROM revenue.epochs WHERE shown AND topic = 'runrate.usage'"); got != "3" {
		g.t.Errorf("what is shown has %s partitions, want 3", got)
	}
}

// lose deletes what a partition's log holds, as retention would.
func lose(t *testing.T, brokers string, of stream.Source) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	topic := kmsg.NewDeleteRecordsRequestTopic()
	partition := kmsg.NewDeleteRecordsRequestTopicPartition()
	partition.Partition, partition.Offset = of.Partition, -1 // all
	topic.Topic, topic.Partitions = of.Topic.String(), append(topic.Partitions, partition)
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.TimeoutMillis, req.Topics = 10_000, append(req.Topics, topic)
	res, err := req.RequestWith(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	if err := kerr.ErrorForCode(res.Topics[0].Partitions[0].ErrorCode); err != nil {
		t.Fatalf("delete the records of %s: %v", of, err)
	}
}

// pageOf holds that the page is served there, and that every panel of it is read.
func pageOf(t *testing.T, address string) {
	t.Helper()
	body := func(path string) string {
		resp, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if !strings.Contains(body("/"), "<title>runrate</title>") {
		t.Errorf("no page:\n%s", body("/"))
	}
	within(t, "every panel is read", func() bool {
		data := body("/page/data")
		if strings.Contains(data, `"error"`) {
			t.Fatal(data)
		}
		return !strings.Contains(data, `"read_at":null`)
	})
}

// asked is the one value that a SELECT gives the owner of ClickHouse.
func asked(t *testing.T, address, sql string) string {
	t.Helper()
	resp, err := http.Post("http://"+address, "text/plain", strings.NewReader(sql))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v: %s", sql, err, body)
	}
	return strings.TrimSpace(string(body))
}
