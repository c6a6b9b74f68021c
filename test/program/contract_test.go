package program

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	chschema "runrate/schemas/clickhouse"
	eventsv1 "runrate/schemas/events/v1"
	"runrate/test/oracle"
)

// TestContract sends what is in testdata/events.ndjson and expects the rows in
// testdata/views.txt; both are written by hand from docs/DEFINITIONS.md. It then
// sends everything again, after a restart, which must change nothing but what
// became of the records.
func TestContract(t *testing.T) {
	t.Parallel()
	p := up(t, "--no-ticker", "--partitions=2")
	must(t, "", "publish", p.brokers(), "testdata/events.ndjson")
	// Three records that publish would not send so. acct_7 belongs to partition 0.
	p.produce(t, "runrate.usage", 0, "acct_7", string(protobufUsage(t)))
	p.produce(t, "runrate.usage", 0, "acct_8", `{"specversion":"1.0","type":"usage.recorded","source":"api-gateway/eu-1","id":"r7","time":"2026-12-03T00:10:00Z","subject":"acct_7","data":{"product":"vision","quantities":{"images":1}}}`)
	p.produce(t, "runrate.subscriptions", 1, "acct_42", `{"specversion":"1.0","type":"subscription.deleted","source":"billing","id":"r8","time":"2026-12-03T00:10:00Z","subject":"acct_42"}`)
	p.settle(t)
	checkColumns(t, p)
	expected, err := os.ReadFile("testdata/views.txt")
	if err != nil {
		t.Fatal(err)
	}
	views := scripts(string(expected))
	for _, s := range views {
		checkScript(t, p, s)
	}
	p.verify(t)
	p.terminate(t)

	p.start(t)
	p.ready(t)
	must(t, again(t), "publish", p.brokers(), "-")
	p.settle(t)
	for _, s := range views {
		if !slices.ContainsFunc([]string{"dead_letters", "accounting", "freshness"}, func(name string) bool { return strings.Contains(s.query, " FROM "+name+" ") }) {
			checkScript(t, p, s)
		}
	}
	p.verify(t)
	p.terminate(t)
}

// again is testdata/events.ndjson without the event that was too new: by now it
// is not.
func again(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/events.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.Contains(l, `"id":"r3"`) }), "")
}

// checkColumns holds every view to the names and the order of its columns.
func checkColumns(t *testing.T, p *pipeline) {
	t.Helper()
	for _, view := range slices.Sorted(maps.Keys(columns)) {
		head := p.query(t, "SELECT * FROM "+chschema.Ask{Currency: oracle.Asked, AsOf: "1970-01-01", Days: 30, KnownOn: "1970-01-01"}.Of(view)+" LIMIT 0 FORMAT TabSeparatedWithNames")
		if got := strings.ReplaceAll(head[0], "\t", " "); got != columns[view] {
			t.Errorf("%s has the columns %s\nwant %s", view, got, columns[view])
		}
	}
}

// script is a query and the rows that it must answer.
type script struct {
	query string
	rows  []string
}

// scripts reads queries and rows, with a blank line before each query but the
// first.
func scripts(text string) []script {
	var list []script
	for block := range strings.SplitSeq(text, "\n\n") {
		lines := strings.Split(strings.TrimSuffix(block, "\n"), "\n")
		if !strings.HasPrefix(lines[0], "#") {
			list = append(list, script{lines[0], lines[1:]})
		}
	}
	return list
}

func checkScript(t *testing.T, p *pipeline, s script) {
	t.Helper()
	got := p.query(t, s.query, "date_time_output_format=iso")
	for i, row := range got {
		got[i] = strings.ReplaceAll(row, "\t", " | ")
	}
	if !slices.Equal(got, s.rows) {
		t.Errorf("%s\ngot:\n%s\nwant:\n%s", s.query, strings.Join(got, "\n"), strings.Join(s.rows, "\n"))
	}
}

// produce appends one record to a partition, with any Kafka client.
func (p *pipeline) produce(t *testing.T, topic string, partition int, key, value string) {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	w := &kafka.Writer{
		Addr: kafka.TCP(loopback(p.kafka)), Topic: topic, RequiredAcks: kafka.RequireAll, BatchSize: 1, Transport: transport,
		Balancer: kafka.BalancerFunc(func(kafka.Message, ...int) int { return partition }),
	}
	defer w.Close()
	if err := w.WriteMessages(t.Context(), kafka.Message{Key: []byte(key), Value: []byte(value)}); err != nil {
		t.Fatal(err)
	}
}

// protobufUsage is an event in its Protobuf form.
func protobufUsage(t *testing.T) []byte {
	t.Helper()
	b, err := proto.Marshal(&eventsv1.Event{
		Specversion: proto.String("1.0"), Type: proto.String("usage.recorded"), Source: proto.String("api-gateway/eu-1"),
		Id: proto.String("p1"), Subject: proto.String("acct_7"),
		Time: &timestamppb.Timestamp{Seconds: 1796256600}, // 2026-12-03T00:10:00Z
		Data: &eventsv1.Event_Usage{Usage: &eventsv1.UsageRecorded{
			Product: proto.String("vision"), Quantities: map[string]uint64{"images": 1}, Region: proto.String("eu"),
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}
