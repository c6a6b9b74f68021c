package program

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"runrate/deploy/local"
	"runrate/internal/stream"
	"runrate/test/localtest"
	"runrate/test/oracle"
	"runrate/test/oracle/gen"
)

// installation is the pipeline as separate parts, on directories of their own: a broker, a
// ClickHouse and a consumer process.
type installation struct {
	*pipeline
	broker     *local.Broker
	clickhouse *local.ClickHouse
}

const installed = 2 // partitions

func install(t *testing.T) *installation {
	t.Helper()
	i := &installation{pipeline: &pipeline{dir: localtest.Dir(t), kafka: freePort(t), http: freePort(t), tcp: freePort(t)}}
	i.begin(t)
	t.Cleanup(func() { i.end(t) })
	must(t, "", "topics", i.brokers(), "--partitions=2")
	must(t, "", "migrate", "--clickhouse="+loopback(i.tcp))
	return i
}

func (i *installation) of(part string) string { return filepath.Join(i.dir, part) }

// begin starts broker and ClickHouse on what there is.
func (i *installation) begin(t *testing.T) {
	t.Helper()
	var err error
	if i.broker, err = local.StartBroker(t.Context(), local.BrokerConfig{Dir: i.of("kafka"), Port: i.kafka}); err != nil {
		t.Fatal(err)
	}
	if i.clickhouse, err = local.StartClickHouse(t.Context(), local.Config{Dir: i.of("clickhouse"), TCPPort: i.tcp, HTTPPort: i.http}); err != nil {
		t.Fatal(err)
	}
}

// end stops what runs of both.
func (i *installation) end(t *testing.T) {
	t.Helper()
	if i.broker != nil {
		if err := i.broker.Stop(); err != nil {
			t.Error(err)
		}
	}
	if i.clickhouse != nil {
		if err := i.clickhouse.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
	i.broker, i.clickhouse = nil, nil
}

// consume starts a consumer.
func (i *installation) consume(t *testing.T) {
	t.Helper()
	i.program = start(t, exec.Command(binary, "consume", "all", i.brokers(), "--clickhouse="+loopback(i.tcp), "--flush-every=50ms", "--flush-records=20"))
}

// copyKafka copies the broker's directory while it stands still.
func (i *installation) copyKafka(t *testing.T, to string) {
	t.Helper()
	if err := i.broker.Stop(); err != nil {
		t.Fatal(err)
	}
	i.broker = nil
	copied(t, i.of("kafka"), to)
	var err error
	if i.broker, err = local.StartBroker(t.Context(), local.BrokerConfig{Dir: i.of("kafka"), Port: i.kafka}); err != nil {
		t.Fatal(err)
	}
}

func copied(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// backupSQL are the statements of docs/OPERATIONS.md, for a disk that the test has.
func backupSQL(t *testing.T) (backup, restore string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/OPERATIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	find := func(verb string) string {
		found := regexp.MustCompile(`(?m)^`+verb+` DATABASE .*$`).FindAllString(string(page), -1)
		if len(found) != 1 || !strings.Contains(found[0], "Disk('backups', ") {
			t.Fatalf("%d statements %s: %q", len(found), verb, found)
		}
		return strings.Replace(found[0], "Disk('backups', ", "File(", 1)
	}
	return find("BACKUP"), find("RESTORE")
}

// TestBackupAndRestore: a backup is taken of ClickHouse while it is written to, and a copy
// of Kafka later; everything is destroyed, and brought back. Consumers go on from there, and
// in the end all rows of all views are the oracle's. With Kafka copied first it is the
// wrong order: ClickHouse has rows of records that are gone. That is seen, and a rebuild mends it.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		kafkaFirst bool
	}{{"ClickHouse first", false}, {"Kafka first", true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			backup, restore := backupSQL(t)
			entries := fromZero(gen.Stream(31, gen.Options{Records: 450, Days: 4, Partitions: installed})).Entries
			a, b := len(entries)/3, len(entries)*2/3
			i, safe := install(t), t.TempDir()
			i.consume(t)
			i.append(t, entries[:a])
			i.settle(t)
			first, second := func() { i.query(t, backup) }, func() { i.copyKafka(t, filepath.Join(safe, "kafka")) }
			if c.kafkaFirst {
				first, second = second, first
			}
			first()
			i.append(t, entries[a:b])
			i.settle(t)
			second()
			copied(t, i.of("clickhouse/backups"), filepath.Join(safe, "backups"))

			i.signal(t, syscall.SIGKILL)
			i.wait(t)
			i.end(t)
			if err := os.RemoveAll(i.dir); err != nil { // the disaster
				t.Fatal(err)
			}
			if err := os.MkdirAll(i.of("clickhouse"), 0o700); err != nil {
				t.Fatal(err)
			}
			copied(t, filepath.Join(safe, "kafka"), i.of("kafka"))
			copied(t, filepath.Join(safe, "backups"), i.of("clickhouse/backups"))
			i.begin(t)
			i.query(t, restore, "database=default")
			must(t, "", "migrate", "--clickhouse="+loopback(i.tcp))
			i.consume(t)
			if c.kafkaFirst {
				i.mend(t, entries, a)
			} else {
				i.append(t, entries[b:])
			}
			i.settle(t)
			if goesBack := strings.Contains(i.err.String(), "lost rows that it had acknowledged"); goesBack == c.kafkaFirst {
				t.Errorf("it went back to an older state: %v\n%s", goesBack, i.err.String())
			}
			log := gen.Generated{Partitions: installed, Entries: entries}.Log()
			if diff := oracle.Diff(i.views(t), oracle.Compute(log, installed, oracle.Options{})); diff != "" {
				t.Errorf("- is missing, + is too many:\n%s", diff)
			}
			i.verify(t, i.allowed(t, installed)...)
		})
	}
}

// mend is what is done where Kafka is older than ClickHouse: partitions are halted, what is
// missing in the log is published again, and both topics are folded anew.
func (i *installation) mend(t *testing.T, entries []gen.Entry, has int) {
	t.Helper()
	within(t, "partitions are halted", func() bool {
		return i.query(t, "SELECT countIf(status = 'halted' AND reason = 'foreign_log') FROM freshness")[0] != "0"
	})
	i.append(t, slices.Clone(entries[has:]))
	for _, topic := range stream.Kinds() {
		must(t, "", "rebuild", topic.String(), "--reason=Kafka was older than ClickHouse", i.brokers(), "--clickhouse="+loopback(i.tcp))
	}
}
