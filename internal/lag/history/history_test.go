package history

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/lag/judge"
	"runrate/internal/lag/monitor"
	"runrate/internal/stream"
	"runrate/internal/views/freshness"
	chschema "runrate/schemas/clickhouse"
	"runrate/test/localtest"
)

func TestMain(m *testing.M) { localtest.Main(m) }

func database(t testing.TB) (driver.Conn, chschema.Database) {
	t.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{localtest.ClickHouse(t).TCPAddr()}})
	if err != nil {
		t.Fatal(err)
	}
	db, err := chschema.ParseDatabase(localtest.Name(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Exec(context.Background(), "DROP DATABASE IF EXISTS "+db.SQL()+" SYNC"); err != nil {
			t.Error(err)
		}
		conn.Close()
	})
	if _, err := chschema.Migrate(t.Context(), conn, chschema.Options{Database: db}); err != nil {
		t.Fatal(err)
	}
	return conn, db
}

// standing is a broker with seven records of usage/1, of which the group has committed
// three, and nobody goes on.
func standing(t *testing.T) *broker.Client {
	t.Helper()
	k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, stream.Usage.Topic().String(), stream.Subscriptions.Topic().String()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	c, err := broker.Open(broker.Config{Brokers: k.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if _, err := c.Append(t.Context(), stream.Usage.Topic(), 1, make([]broker.Message, 7)); err != nil {
		t.Fatal(err)
	}
	group, err := kafkago.NewConsumerGroup(kafkago.ConsumerGroupConfig{ID: stream.Usage.Group(), Brokers: c.Config().Brokers, Topics: []string{stream.Usage.Topic().String()}})
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	g, err := group.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m := broker.Member{Group: stream.Usage.Group(), Generation: g.ID, ID: g.MemberID}
	if err := c.Commit(t.Context(), m, stream.Source{Topic: stream.Usage.Topic(), Partition: 1}, 3, ""); err != nil {
		t.Fatal(err)
	}
	return c
}

func options(c *broker.Client, conn driver.Conn, db chschema.Database) monitor.Options {
	return monitor.Options{Client: c, Logger: zap.NewNop(),
		Said:   func(ctx context.Context) ([]freshness.Partition, error) { return freshness.Read(ctx, conn, db) },
		Keep:   func(ctx context.Context, all []monitor.Reading) error { return Write(ctx, conn, db, Name(), all) },
		Recall: func(ctx context.Context) ([]monitor.Reading, error) { return Read(ctx, conn, db) },
	}
}

// TestMonitorGoesOn: a monitor that begins goes on from what the one before it read: what
// has stood still for long enough is stopped at its first look.
func TestMonitorGoesOn(t *testing.T) {
	conn, db := database(t)
	c := standing(t)
	alone := monitor.New(monitor.Options{Client: c, Logger: zap.NewNop()}, prometheus.NewRegistry())
	alone.Cycle(t.Context())
	if r := alone.Rows(time.Now())[3]; r.Status != judge.Unknown || r.Reason != judge.TooFew {
		t.Errorf("one look: %+v", r)
	}
	// What was read for 65 s, as a monitor keeps it.
	now := time.Now()
	var past []monitor.Reading
	for ago := 65 * time.Second; ago > 0; ago -= monitor.Every {
		three, end, start := int64(3), int64(7), int64(0)
		past = append(past, monitor.Reading{Kafka: "runrate.usage", Row: monitor.Row{Topic: "runrate.usage", Partition: 1, Group: "runrate-usage", Status: judge.OK, Since: now.Add(-time.Hour), Start: &start, Committed: &three, End: &end},
			Sample: judge.Sample{At: now.Add(-ago), End: 7, Committed: true, Commit: 3, Rows: true, Owner: judge.Unowned}})
	}
	if err := Write(t.Context(), conn, db, "another", past); err != nil {
		t.Fatal(err)
	}
	m := monitor.New(options(c, conn, db), prometheus.NewRegistry())
	m.Cycle(t.Context())
	r := m.Rows(time.Now())[3]
	if r.Status != judge.Stopped || *r.Lag != 4 || *r.LagSeconds < 60 {
		t.Fatalf("%+v", r)
	}
	elsewhere := past[0]
	elsewhere.Kafka, elsewhere.Sample.At, elsewhere.Sample.Commit = "runrate.usage.v2", now, 90
	if err := Write(t.Context(), conn, db, "last", []monitor.Reading{elsewhere}); err != nil {
		t.Fatal(err)
	}
	again := monitor.New(options(c, conn, db), prometheus.NewRegistry())
	again.Cycle(t.Context())
	if r := again.Rows(time.Now())[3]; r.Reason != judge.TooFew {
		t.Errorf("what was read of another log counts: %+v", r)
	}
}

// TestFreshnessHasTheNumbers: SQL shows what the monitor says, for as long as it is fresh.
func TestFreshnessHasTheNumbers(t *testing.T) {
	conn, db := database(t)
	c := standing(t)
	if err := conn.Exec(t.Context(), "INSERT INTO "+db.Of("partition_status_versions")+" (topic, partition, epoch, status, since) SELECT 'runrate.usage', number, 0, 'ok', now64(6) FROM numbers(2)"); err != nil {
		t.Fatal(err)
	}
	numbers := func() (out string) {
		t.Helper()
		row := conn.QueryRow(t.Context(), `SELECT arrayStringConcat(groupArray(concat(toString(partition), ' ', status, ' ', lag_status, ' ', lag_reason, ' ', ifNull(toString(committed), 'null'), ' ',
    ifNull(toString(log_end), 'null'), ' ', ifNull(toString(lag), 'null'), ' ', if(lag_seconds IS NULL, 'null', 'told'), ' ', if(lag_at IS NULL, 'null', 'told'))), '; ')
FROM (SELECT * FROM `+db.Of("freshness")+` ORDER BY topic, partition)`)
		if err := row.Scan(&out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := numbers(); got != "0 ok unknown  null null null null null; 1 ok unknown  null null null null null" {
		t.Errorf("before a monitor: %s", got)
	}
	m := monitor.New(options(c, conn, db), prometheus.NewRegistry())
	m.Cycle(t.Context())
	want := ""
	for _, r := range m.Rows(time.Now()) {
		if r.Topic != "runrate.usage" {
			continue
		}
		committed, lag, late := "null", "null", "null"
		if r.Committed != nil {
			committed, lag, late = fmt.Sprint(*r.Committed), fmt.Sprint(*r.Lag), "told"
		}
		want += fmt.Sprintf("; %d ok %s %s %s %d %s %s told", r.Partition, r.Status, r.Reason, committed, *r.End, lag, late)
	}
	if got := "; " + numbers(); got != want {
		t.Errorf("SQL says %s\nthe monitor %s", got, want)
	}
	if err := conn.Exec(t.Context(), "ALTER TABLE "+db.Of(table)+" DELETE WHERE 1 SETTINGS mutations_sync = 2"); err != nil {
		t.Fatal(err)
	}
	old, err := Read(t.Context(), conn, db)
	if err != nil || len(old) != 0 {
		t.Errorf("%v, %v", old, err)
	}
	gone := monitor.Reading{Kafka: "runrate.usage", Row: monitor.Row{Topic: "runrate.usage", Status: judge.OK}, Sample: judge.Sample{At: time.Now().Add(-61 * time.Second)}}
	if err := Write(t.Context(), conn, db, "dead", []monitor.Reading{gone}); err != nil {
		t.Fatal(err)
	}
	if got := numbers(); got != "0 ok unknown  null null null null null; 1 ok unknown  null null null null null" {
		t.Errorf("a minute after the monitor died: %s", got)
	}
}

// TestReadIsWhatWasWritten: nothing is lost on the way, and what is unknown stays unknown.
func TestReadIsWhatWasWritten(t *testing.T) {
	conn, db := database(t)
	at := time.Now().UTC().Truncate(time.Millisecond)
	five, ten, late, clock := int64(5), int64(10), 1.5, at.Truncate(time.Second)
	known := monitor.Reading{Kafka: "u.v2", Changed: true,
		Row: monitor.Row{Topic: "runrate.usage", Partition: 3, Group: "runrate-usage", Status: judge.Halted, Since: at.Add(-time.Hour), Reason: "log_gap", Sentence: "it is",
			Start: &five, Committed: &five, End: &ten, Lag: &five, LagSeconds: &late, Clock: &clock, CatchUp: &late},
		Sample: judge.Sample{At: at, Start: 5, End: 10, Committed: true, Commit: 5, Rows: true, Owner: judge.Owned, Rebalancing: true, Generation: -7, Spoke: true, Halted: "log_gap"}}
	unread := monitor.Reading{Kafka: "u.v2", Row: monitor.Row{Topic: "runrate.usage", Partition: 4, Group: "runrate-usage", Status: judge.Unknown, Since: at, Reason: "no_read", Sentence: "away"},
		Sample: judge.Sample{At: at, Unread: "away"}}
	if err := Write(t.Context(), conn, db, "m", []monitor.Reading{known, unread}); err != nil {
		t.Fatal(err)
	}
	got, err := Read(t.Context(), conn, db)
	if err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	if got[0].Sample != known.Sample || got[1].Sample != unread.Sample || *got[0].Row.Lag != 5 || *got[0].Row.CatchUp != 1.5 || !got[0].Row.Since.Equal(known.Row.Since) ||
		got[0].Row.Status != judge.Halted || !got[0].Changed || got[1].Row.Lag != nil || got[1].Changed || !got[0].Row.Clock.Equal(clock) {
		t.Errorf("%+v", got)
	}
}
