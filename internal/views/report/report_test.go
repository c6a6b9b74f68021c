package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"runrate/consumers/intake"
	"runrate/consumers/store"
	"runrate/deploy/prices"
	"runrate/internal/event"
	"runrate/internal/pricebook"
	"runrate/internal/stream"
	"runrate/internal/views/report"
	"runrate/producers/publish"
	"runrate/producers/telco"
	"runrate/producers/trace"
	chschema "runrate/schemas/clickhouse"
	"runrate/test/localtest"
	"runrate/test/sim"
)

var update = flag.Bool("update", false, "write testdata anew")

func TestMain(m *testing.M) { localtest.Main(m) }

const partitions = 2

// log is Kafka as a sink: it places what producers send.
type log map[stream.Source][]stream.Record

// SendTo appends to the partitions that the route leads to.
func (l log) SendTo(_ context.Context, route publish.Route, value []byte) error {
	for _, topic := range stream.Inputs() {
		for p := range int32(partitions) {
			source := stream.Source{Topic: topic, Partition: p}
			record := stream.Record{Offset: stream.Offset(len(l[source])), Value: bytes.Clone(value)}
			if !route.Type.Control() {
				if (route.Type == event.SubscriptionChanged) != (topic.Kind() == stream.Subscriptions) || stream.Partition([]byte(route.Subject), partitions) != p {
					continue
				}
				record.Key = []byte(route.Subject)
			}
			l[source] = append(l[source], record)
		}
	}
	return nil
}

// Flush has nothing to wait for.
func (l log) Flush(context.Context) error { return nil }

// database is an empty one with the schema.
func database(t *testing.T) *store.Store {
	t.Helper()
	name := localtest.Database(t)
	s, err := store.Open(t.Context(), store.Options{Address: localtest.ClickHouse(t).TCPAddr(), Database: name})
	must(t, err)
	t.Cleanup(func() { s.Close() })
	_, err = chschema.Migrate(t.Context(), s.Conn(), chschema.Options{Database: s.Database()})
	must(t, err)
	return s
}

// folded is a database that holds the built-in samples: subscriptions up to
// 2026-11-01, and calls of 2026-11-16.
func folded(t *testing.T) *store.Store {
	t.Helper()
	l := log{}
	file, err := telco.Sample()
	must(t, err)
	// A later end than usual, so that its last months are those shown.
	must(t, telco.Replay{File: file, End: event.TimeOf(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))}.Run(t.Context(), l))
	book, err := pricebook.Parse(prices.Example)
	must(t, err)
	calls := trace.Replay{Inputs: trace.Sample(), Accounts: 50, Repeat: 1, Tick: event.Minute, Book: book, Shift: 1096 * event.Day}
	summary, err := trace.Scan(calls.Inputs)
	must(t, err)
	must(t, calls.Run(t.Context(), summary, l))

	s := database(t)
	for source, records := range l {
		must(t, s.OpenEpoch(t.Context(), store.Record{Topic: source.Topic, Partitions: partitions}))
		must(t, sim.Drive(s, sim.Fold(source, partitions, intake.DefaultMemory), records, func() sim.Cut { return sim.FoldOn }))
	}
	return s
}

func TestReport(t *testing.T) {
	s := folded(t)
	read := func(q report.Query) *report.Report {
		t.Helper()
		q.Database = s.Database()
		r, err := report.Read(t.Context(), s.Conn(), q)
		must(t, err)
		return r
	}
	early := report.Query{Database: s.Database(), AsOf: time.Date(2026, 11, 17, 1, 0, 0, 0, time.UTC)}
	if _, err := report.Read(t.Context(), s.Conn(), early); err == nil || !strings.Contains(err.Error(), "is not closed yet") {
		t.Error(err)
	}
	var out bytes.Buffer
	must(t, read(report.Query{}).Write(&out, false))
	must(t, read(report.Query{AsOf: time.Date(2026, 11, 1, 0, 30, 0, 0, time.UTC), Line: telco.Line}).Write(&out, true))
	golden(t, "testdata/report.txt", trimmed(out.String()))

	file, err := telco.Sample()
	must(t, err)
	sums, _ := file.Summary()
	calls, err := trace.Scan(trace.Sample())
	must(t, err)
	r := read(report.Query{})
	if got := r.Recurring[0]; got.New.Amount != sums.Monthly || got.Churn.Amount != sums.ChurnedAway.Neg() ||
		int(got.Subscriptions) != sums.Customers-sums.Churned || int(got.Churned) != sums.Churned {
		t.Errorf("recurring %+v, the file has %+v", got, sums)
	}
	if last := r.Months[len(r.Months)-1]; last.Month != "2026-11" || last.MRR != r.Recurring[0].MRR {
		t.Errorf("%+v: the movements do not add up to the MRR %s", last, r.Recurring[0].MRR)
	}
	if n := r.Products[0].Calls + r.Products[1].Calls; int64(n) != calls.Calls {
		t.Errorf("%d calls of %d", n, calls.Calls)
	}
	text, err := json.Marshal(r)
	must(t, err)
	for _, want := range []string{`"as_of":"2026-11-17T00:00:00Z"`, `"mrr":"` + r.Recurring[0].MRR.String() + `"`, `"meters":{"input_tokens":"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}

func TestNothingToReport(t *testing.T) {
	s := database(t)
	_, err := report.Read(t.Context(), s.Conn(), report.Query{Database: s.Database()})
	if !errors.Is(err, report.ErrNoClock) {
		t.Error(err)
	}
}

// TestMissing: a report says which records and partitions are in none of its figures.
func TestMissing(t *testing.T) {
	s := database(t)
	source := stream.Source{Topic: stream.Usage.Topic()}
	var records []stream.Record
	for i, value := range []string{
		`{"specversion":"1.0","type":"clock.ticked","source":"t","id":"1","time":"2026-11-01T00:00:00Z"}`,
		"nonsense", "more of it", `{"specversion":"1.0","type":"x","source":"t","id":"2","time":"2026-11-01T00:00:00Z","subject":"a"}`,
	} {
		records = append(records, stream.Record{Offset: stream.Offset(i), Value: []byte(value)})
	}
	must(t, sim.Drive(s, sim.Fold(source, 1, intake.DefaultMemory), records, func() sim.Cut { return sim.FoldOn }))
	read := func() []string {
		r, err := report.Read(t.Context(), s.Conn(), report.Query{Database: s.Database()})
		must(t, err)
		return r.Missing
	}
	want := []string{"3 refused records are in no figure (malformed 2, unknown_type 1): see dead_letters"}
	if got := read(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	must(t, s.SaveStatuses(t.Context(), []store.Status{{Source: source, Status: "halted", Reason: "log_gap", Detail: "47 records are gone", Since: time.Now()}}))
	want = append(want, "runrate.usage/0 is halted (log_gap): 47 records are gone")
	if got := read(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// trimmed is the text without blanks at the ends of lines.
func trimmed(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if got != string(want) {
		t.Errorf("not as in %s (go test -update writes it anew):\n%s", path, got)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
