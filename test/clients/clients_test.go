//go:build clients

package clients

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
)

var update = flag.Bool("update", false, "write down the records that the clients produce")

const (
	root  = "../.."
	cache = root + "/.cache/clients"
	book  = `{"specversion":"1.0","type":"pricebook.published","source":"test","id":"book","time":"2026-11-01T00:00:00Z","data":` +
		`{"version":"1","currency":"USD","products":[{"product":"chat","line":"api","meters":{"in":[{"effective_from":"2026-01-01T00:00:00Z","unit":1,"price":"0.000000000001"}]}}]}}` + "\n"
	tick = `{"specversion":"1.0","type":"clock.ticked","source":"test","id":"tick","time":"2026-11-02T12:00:00Z"}` + "\n"
)

// publishers are the clients that publish, each a row of docs/PUBLISHING.md: its source
// and how it is run.
var publishers = []struct {
	source string
	run    []string
}{
	{"confluent-kafka", python("publish.py")},
	{"confluent-kafka/binary", python("publish.py")},
	{"kafka-python", python("publish.py")},
	{"kafka-python/structured", python("publish.py")},
	{"aiokafka", python("publish.py")},
	{"aiokafka/binary", python("publish.py")},
	{"kafkajs", javascript("publish.js")},
	{"kafkajs/structured", javascript("publish.js")},
	{"kafkajs/binary", javascript("publish.js")},
	{"kafka-clients", java("Publish.java")},
	{"cloudevents-kafka/structured", java("Publish.java")},
	{"cloudevents-kafka/binary", java("Publish.java")},
	{"cloudevents-kafka/structured/base64", java("Publish.java")},
}

// posters are the clients that post to the door.
var posters = []struct {
	source string
	run    []string
}{
	{"curl", []string{"./publish_http.sh"}},
	{"http/cloudevents-python/structured", python("publish_http.py")},
	{"http/cloudevents-python/binary", python("publish_http.py")},
	{"http/cloudevents-js/structured", javascript("publish_http.js")},
	{"http/cloudevents-js/binary", javascript("publish_http.js")},
}

// sources are those of all of them.
func sources() (all []string) {
	for _, c := range publishers {
		all = append(all, c.source)
	}
	for _, c := range posters {
		all = append(all, c.source)
	}
	return all
}

func python(script string) []string { return []string{cache + "/venv/bin/python", "python/" + script} }

func javascript(script string) []string { return []string{"node", "javascript/" + script} }

func java(program string) []string {
	return []string{"java", "-cp", cache + "/java/*", "java/" + program}
}

// pipeline is a `runrate up`.
type pipeline struct {
	binary                 string
	door, kafka, http, tcp int
}

func (p *pipeline) events() string { return fmt.Sprintf("http://127.0.0.1:%d/v1/events", p.door) }

func (p *pipeline) brokers() string { return "127.0.0.1:" + strconv.Itoa(p.kafka) }

// up starts a pipeline of its own, which ends with the test.
func up(t *testing.T, args ...string) *pipeline {
	t.Helper()
	dir := t.TempDir()
	p := &pipeline{binary: filepath.Join(dir, "runrate"), door: freePort(t), kafka: freePort(t), http: freePort(t), tcp: freePort(t)}
	if out, err := exec.Command("go", "build", "-o", p.binary, "runrate/cmd/runrate").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	var said bytes.Buffer
	cmd := exec.Command(p.binary, append([]string{"up", "--data-dir", filepath.Join(dir, "data"), "--listen", "127.0.0.1:" + strconv.Itoa(p.door),
		"--kafka-port", strconv.Itoa(p.kafka), "--clickhouse-http-port", strconv.Itoa(p.http), "--clickhouse-tcp-port", strconv.Itoa(p.tcp), "--admin-listen", "127.0.0.1:0"}, args...)...)
	cmd.Stderr, cmd.Dir = &said, root // where the ClickHouse library is
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := <-ended; err != nil {
			t.Errorf("up: %v\n%s", err, said.String())
		}
	})
	deadline := time.Now().Add(2 * time.Minute)
	for {
		resp, err := http.Get("http://127.0.0.1:" + strconv.Itoa(p.door) + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return p
			}
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("up ended: %v\n%s", err, said.String())
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("up is not ready after two minutes")
		}
	}
}

// keyed is a file of keys, and the one key in it.
func keyed(t *testing.T, name string) (file, key string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "keys.yaml")
	return file, strings.TrimSpace(output(t, exec.Command("go", "run", "runrate/cmd/runrate", "keys", "create", name, "--keys", file)))
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// runrate runs the program, which must succeed.
func (p *pipeline) runrate(t *testing.T, in string, args ...string) string {
	t.Helper()
	cmd := exec.Command(p.binary, args...)
	cmd.Stdin = strings.NewReader(in)
	return output(t, cmd)
}

func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.Env = append(os.Environ(), "NODE_PATH="+absolute(t, cache+"/javascript/node_modules"))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(cmd.Args, " "), err, out, said.String())
	}
	return string(out)
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	out, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// query is the rows of a SELECT, as lines.
func (p *pipeline) query(t *testing.T, sql string) []string {
	t.Helper()
	resp, err := http.Post(fmt.Sprintf("http://127.0.0.1:%d/?database=revenue", p.http), "text/plain", strings.NewReader(sql))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var out bytes.Buffer
	if _, err := out.ReadFrom(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v %s", sql, err, out.String())
	}
	return strings.Split(strings.TrimSpace(out.String()), "\n")
}

// TestClients: each client sends 50 events, each of them twice, and 50 are counted; the
// clients of analysts read the sum exactly. The door wants a key.
func TestClients(t *testing.T) {
	file, key := keyed(t, "clients")
	p := up(t, "--no-ticker", "--keys", file)
	p.runrate(t, book+tick, "publish", "--brokers", p.brokers(), "-")
	for _, c := range publishers {
		t.Run(c.source, func(t *testing.T) {
			output(t, exec.Command(c.run[0], append(c.run[1:], c.source, p.brokers())...))
		})
	}
	for _, c := range posters {
		t.Run(c.source, func(t *testing.T) {
			output(t, exec.Command(c.run[0], append(c.run[1:], c.source, p.events(), key)...))
		})
	}
	p.runrate(t, "", "settle", "--brokers", p.brokers())
	counted := map[string]string{}
	for _, row := range p.query(t, "SELECT source, count() FROM usage_events GROUP BY source") {
		source, n, _ := strings.Cut(row, "\t")
		counted[source] = n
	}
	for _, source := range sources() {
		t.Logf("%-36s 100 sent, %s counted", source, counted[source])
		if counted[source] != "50" {
			t.Errorf("%s: %q events are counted, want 50", source, counted[source])
		}
	}
	if dead := p.query(t, "SELECT reason, detail FROM dead_letters LIMIT 10"); dead[0] != "" {
		t.Errorf("refused:\n%s", strings.Join(dead, "\n"))
	}
	all := strconv.Itoa(50 * len(sources()))
	if got := p.query(t, "SELECT sum(accepted), sum(duplicate) FROM accounting WHERE topic = 'runrate.usage'")[0]; got != all+"\t"+all {
		t.Errorf("accepted and duplicate: %s, want %s of each", got, all)
	}
	want := fmt.Sprintf("0.%012d", 50*len(sources()))
	http, tcp := strconv.Itoa(p.http), strconv.Itoa(p.tcp)
	for name, run := range map[string][]string{
		"clickhouse-connect": append(python("query.py"), "clickhouse-connect", "127.0.0.1", http, tcp),
		"clickhouse-driver":  append(python("query.py"), "clickhouse-driver", "127.0.0.1", http, tcp),
		"@clickhouse/client": append(javascript("query.js"), "127.0.0.1", http),
		"clickhouse-jdbc":    append(java("Query.java"), "127.0.0.1", http),
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.TrimRight(strings.TrimSpace(output(t, exec.Command(run[0], run[1:]...))), "0"); got != strings.TrimRight(want, "0") {
				t.Errorf("sum of revenue: %s, want %s", got, want)
			}
		})
	}
	t.Run("dbt-clickhouse", func(t *testing.T) { ownModel(t, p, want) })
	records(t, p)
	t.Run("librdkafka's own partitioner", func(t *testing.T) { defaults(t, p) })
}

// defaults sends by librdkafka as it comes, whose partitioner is not Kafka's: what is
// refused names the setting, and redrive puts it where it belongs.
func defaults(t *testing.T, p *pipeline) {
	const source = "confluent-kafka/defaults"
	run := python("publish.py")
	output(t, exec.Command(run[0], append(run[1:], source, p.brokers())...))
	p.runrate(t, "", "settle", "--brokers", p.brokers())
	const wrong = "SELECT count() FROM dead_letters WHERE reason = 'wrong_partition' AND detail LIKE '%partitioner=murmur2_random%'"
	misplaced, err := strconv.Atoi(p.query(t, wrong)[0])
	if err != nil || misplaced < 50 || misplaced > 99 {
		t.Errorf("of 100 records on 4 partitions %d are refused: %v", misplaced, err)
	}
	p.runrate(t, "", "redrive", "--brokers", p.brokers(), "--clickhouse", "127.0.0.1:"+strconv.Itoa(p.tcp), "--source", source)
	p.runrate(t, "", "settle", "--brokers", p.brokers())
	t.Logf("%s: %d of 100 on a wrong partition", source, misplaced)
	if got := p.query(t, "SELECT count() FROM usage_events WHERE source = '"+source+"'")[0]; got != "50" {
		t.Errorf("after redrive %s events are counted, want 50", got)
	}
}

// golden is a record as a client produced it.
type golden struct {
	Client  string      `json:"client"`
	Key     string      `json:"key"`
	Headers [][2]string `json:"headers"`
	Value   string      `json:"value"`
}

// records writes down event-7 of each client, or holds what is written to what comes.
func records(t *testing.T, p *pipeline) {
	t.Helper()
	client, err := broker.Open(broker.Config{Brokers: []string{p.brokers()}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	topic := stream.Usage.Topic()
	ranges, err := client.Offsets(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	var d event.Decoder
	found := map[string]golden{}
	for partition, in := range ranges {
		for next := in.First; next < in.End; {
			got, _, err := client.Fetch(ctx, stream.Source{Topic: topic, Partition: partition}, next, 1<<20, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range got {
				if a := d.Attributes(r.Headers, r.Value); a.ID == "event-7" {
					g := golden{Client: a.Source, Key: string(r.Key), Value: string(r.Value)}
					for _, h := range r.Headers {
						g.Headers = append(g.Headers, [2]string{h.Name, string(h.Value)})
					}
					found[a.Source] = g
				}
				next = r.Offset + 1
			}
		}
	}
	for _, c := range publishers {
		text, err := json.MarshalIndent(found[c.source], "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, '\n')
		path := root + "/internal/event/testdata/clients/" + strings.ReplaceAll(c.source, "/", "-") + ".json"
		if *update {
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if want, err := os.ReadFile(path); err != nil || !bytes.Equal(want, text) {
			t.Errorf("%s: %v: it produces\n%s", path, err, text)
		}
	}
}
