package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"runrate/internal/broker"
	"runrate/internal/lag/judge"
	"runrate/internal/lag/monitor"
	"runrate/internal/stream"
	"runrate/internal/views/freshness"
)

// TestLag: records that nobody folds are not called ok by one look; what is caught up is
// seen at once.
func TestLag(t *testing.T) {
	addr, c := kafka(t)
	lag := func(more ...string) result {
		t.Helper()
		return runWith(t, "", append([]string{"lag", "--brokers", addr, "--clickhouse", "127.0.0.1:1"}, more...)...)
	}
	if got := lag(); got.code != exitFailed || strings.Count(got.out, " idle ") != 4 || !strings.Contains(got.err, "what consumers say is unknown") {
		t.Errorf("an empty log, and a ClickHouse that was named is not there: %+v", got)
	}
	if _, err := c.Append(t.Context(), stream.Usage.Topic(), 1, make([]broker.Message, 7)); err != nil {
		t.Fatal(err)
	}
	got := lag("--wait", "0s")
	want := "runrate.usage/1 is unknown, since "
	if got.code != exitTrouble || !strings.Contains(got.err, "1 unknown, of 4 partitions") || !strings.Contains(got.out, want) || !strings.Contains(got.out, "nothing is committed, the log holds 0 to 7") {
		t.Errorf("7 records wait: %+v", got)
	}
	if got := lag("--topic", stream.Subscriptions.Topic().String(), "--fail-on", "ok"); got.code != exitFailed {
		t.Errorf("the other topic is idle, which is better than ok: %+v", got)
	}
	commit(t, c, stream.Source{Topic: stream.Usage.Topic(), Partition: 1}, 7)
	if got := lag("--fail-on", "ok"); got.code != exitTrouble || !strings.Contains(got.err, "1 ok, of 4 partitions") {
		t.Errorf("all is folded: %+v", got)
	}
	if got := lag("--fail-on", "late"); got.code != exitUsage || !strings.Contains(got.err, "idle, ok, behind, rewound, stalled, stopped, halted, lost, unknown") {
		t.Errorf("no status: %+v", got)
	}
}

// commit joins the group of a source's topic and commits for it.
func commit(t *testing.T, c *broker.Client, source stream.Source, next stream.Offset) {
	t.Helper()
	name := source.Topic.Kind().Group()
	group, err := kafkago.NewConsumerGroup(kafkago.ConsumerGroupConfig{ID: name, Brokers: c.Config().Brokers, Topics: []string{source.Topic.String()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { group.Close() })
	g, err := group.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Commit(t.Context(), broker.Member{Group: name, Generation: g.ID, ID: g.MemberID}, source, next, ""); err != nil {
		t.Fatal(err)
	}
}

// TestLagJSON: the array of /v1/lag, in which what is unknown is absent.
func TestLagJSON(t *testing.T) {
	addr, c := kafka(t)
	if _, err := c.Append(t.Context(), stream.Usage.Topic(), 1, make([]broker.Message, 7)); err != nil {
		t.Fatal(err)
	}
	commit(t, c, stream.Source{Topic: stream.Usage.Topic(), Partition: 1}, 7)
	got := runWith(t, "", "lag", "--brokers", addr, "--json", "--topic", stream.Usage.Topic().String())
	var rows []map[string]any
	if err := json.Unmarshal([]byte(got.out), &rows); err != nil || got.code != 0 || len(rows) != 2 {
		t.Fatalf("%v: %+v", err, got)
	}
	for _, name := range []string{"committed", "lag", "lag_seconds", "clock"} {
		if _, ok := rows[0][name]; ok {
			t.Errorf("%s of a partition without a commit: %v", name, rows[0])
		}
	}
	for name, want := range map[string]any{"topic": "runrate.usage", "partition": 1.0, "group": "runrate-usage", "status": "ok", "start": 0.0, "committed": 7.0, "end": 7.0, "lag": 0.0, "lag_seconds": 0.0} {
		if rows[1][name] != want {
			t.Errorf("%s is %v, not %v", name, rows[1][name], want)
		}
	}
}

// ender is an output that ends a run when something is written.
type ender struct {
	bytes.Buffer
	end func()
}

func (e *ender) Write(b []byte) (int, error) {
	defer e.end()
	return e.Buffer.Write(b)
}

// TestLagWatch: it goes on until it is told to end, or until a partition is as bad as was
// asked for.
func TestLagWatch(t *testing.T) {
	addr, _ := kafka(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, errs := &ender{end: cancel}, &bytes.Buffer{}
	if code := execute(ctx, []string{"lag", "--brokers", addr, "--watch", "--json"}, strings.NewReader(""), out, errs); code != 0 || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("%d: %s%s", code, out, errs)
	}
	if got := runWith(t, "", "lag", "--brokers", addr, "--watch", "--fail-on", "idle"); got.code != exitTrouble || !strings.Contains(got.err, "4 idle, of 4 partitions") {
		t.Errorf("%+v", got)
	}
	if got := runWith(t, "", "lag", "--brokers", "127.0.0.1:1", "--watch"); got.code != exitFailed {
		t.Errorf("%+v", got)
	}
}

// TestLagShowsWhatIsWrong: the table has status, reason and clock of each partition, by the
// topic's name in Kafka; under it stands what is not well, and what a consumer says, once.
func TestLagShowsWhatIsWrong(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	ahead := now.Add(48 * time.Hour)
	n := func(n int64) *int64 { return &n }
	late := 75.4
	rows := []monitor.Row{
		{Topic: "runrate.usage", Status: judge.OK, End: n(5), Committed: n(5), Lag: n(0), LagSeconds: new(float64), Clock: &now},
		{Topic: "runrate.usage", Partition: 1, Status: judge.Halted, Reason: "log_gap", Since: now, Sentence: "it says so; its consumer says: 47 records are gone: do this", Word: "47 records are gone: do this", End: n(7), Committed: n(0), Lag: n(7), LagSeconds: &late, Clock: &ahead},
		{Topic: "runrate.usage", Partition: 2, Status: judge.Unknown, Reason: "no_read", Sentence: "nothing could be read for 20s"},
	}
	for p := range int32(2) {
		rows = append(rows, monitor.Row{Topic: "runrate.subscriptions", Partition: p, Status: judge.OK, End: n(3), Sentence: "keeps up; its consumer says: write rows: away", Word: "write rows: away"})
	}
	var out bytes.Buffer
	a := &app{out: &out, err: &out}
	a.kafka.Topics = stream.Names{}.With(stream.Usage, "usage.v2")
	l := &looks{said: []freshness.Partition{{Source: stream.Source{Topic: stream.Usage.Topic(), Partition: 1}, Clock: ahead}}}
	if err := a.showLag(rows, lagFlags{clock: "live"}, l); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{
		"topic partition committed end lag late clock status reason",
		"usage.v2 0 5 5 0 0s " + now.Format(time.RFC3339) + " ok -",
		"usage.v2 1 0 7 7 1m15s " + ahead.Format(time.RFC3339) + " halted log_gap",
		"usage.v2 2 unknown unknown unknown unknown unknown unknown no_read",
		"runrate.subscriptions 0 none 3 unknown",
		"runrate.usage/1 is halted, since " + now.Format(time.RFC3339) + ": it says so; its consumer says: 47 records are gone: do this",
		"runrate.subscriptions/0 is ok", "keeps up; its consumer says: write rows: away",
		"runrate.usage/1: the clock is 4", "ahead of the wall clock",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in: %s", want, text)
		}
	}
	if strings.Contains(text, "runrate.subscriptions/1 is") {
		t.Errorf("a sentence is said twice: %s", text)
	}
}

// TestLagVerdict: what is bad enough is trouble, whatever else cannot be read.
func TestLagVerdict(t *testing.T) {
	var out bytes.Buffer
	a := &app{out: &out, err: &out}
	rows := []monitor.Row{{Status: judge.OK}, {Status: judge.Halted}, {Status: judge.Lost}}
	away := &looks{unread: errors.New("away")}
	err := a.lagVerdict(rows, lagFlags{failOn: "halted"}, away, true)
	if _, ok := errors.AsType[trouble](err); !ok || err.Error() != "1 halted, 1 lost, of 3 partitions" {
		t.Errorf("%v", err)
	}
	if err := a.lagVerdict(rows[:1], lagFlags{failOn: "halted"}, away, true); !errors.Is(err, away.unread) {
		t.Errorf("ClickHouse that was named cannot be read: %v", err)
	}
	if err := a.lagVerdict(rows[:1], lagFlags{failOn: "behind"}, away, false); err != nil {
		t.Errorf("ClickHouse that was not named cannot be read: %v", err)
	}
}

// TestUnsettledTable: who was waited for in vain, and what was said of it.
func TestUnsettledTable(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	usage := func(p int32) stream.Source { return stream.Source{Topic: stream.Usage.Topic(), Partition: p} }
	rows := []waitRow{{source: usage(0), end: 5}, {source: usage(1), end: 7, behind: 7}, {source: usage(2), end: 9, behind: 9, stale: true}}
	say(rows, []freshness.Partition{{Source: usage(0), Status: "ok", Clock: now}, {Source: usage(1), Status: "halted", Reason: "log_gap", Clock: now}})
	var out bytes.Buffer
	if err := writeWaits(&out, stream.Names{}.With(stream.Usage, "usage.v2"), rows); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{
		"usage.v2 0 none 5 0 " + now.Format(time.RFC3339) + " ok", "usage.v2 1 none 7 7 " + now.Format(time.RFC3339) + " halted (log_gap)",
		"usage.v2 2 unknown 9 unknown unknown unknown",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in: %s", want, text)
		}
	}
}
