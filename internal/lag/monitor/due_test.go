package monitor

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/stream"
)

// TestBracket: whenever the record that is due came, from a second to ten years ago, the
// bracket finds it to a second or a twentieth, in few questions, and never says later than
// it was.
func TestBracket(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, ago := range []time.Duration{12 * time.Second, time.Minute, time.Hour, 33 * time.Hour, 40 * 24 * time.Hour, 3650 * 24 * time.Hour} {
		// Ten records before the one that is due, a hundred after it, in the order of time.
		var log []time.Time
		for i := range 110 {
			log = append(log, now.Add(-ago-time.Duration(10-i)*ago/120))
		}
		b := bracket{}
		b.move(10, now.Add(-5*time.Second))
		asked := 0
		for at, again := b.ask(now); again && asked < 100; at, again = b.ask(now) {
			asked++
			f := broker.Found{Offset: -1}
			if i := slices.IndexFunc(log, func(r time.Time) bool { return !r.Before(at) }); i >= 0 {
				f = broker.Found{Offset: stream.Offset(i), At: log[i]}
			}
			b.answer(at, f)
		}
		late := now.Sub(b.high)
		if late > ago || ago-late > max(time.Second, ago/20) || asked > 45 || b.low.After(log[10]) {
			t.Errorf("%s ago: at least %s by %d questions, %s to %s", ago, late, asked, b.low, b.high)
		}
	}
}

// TestBracketMoves: what is known of one record bounds the next one; a commit that falls
// takes that back.
func TestBracketMoves(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	b := bracket{}
	b.move(10, now)
	b.answer(now.Add(-time.Minute), broker.Found{Offset: 10, At: now.Add(-50 * time.Second)})
	if !b.low.Equal(b.high) || !b.low.Equal(now.Add(-50*time.Second)) {
		t.Errorf("it is that record: %+v", b)
	}
	b.move(11, now)
	if !b.low.Equal(now.Add(-50*time.Second)) || !b.high.Equal(now) {
		t.Errorf("the next one: %+v", b)
	}
	b.move(5, now)
	if !b.low.IsZero() {
		t.Errorf("an earlier one: %+v", b)
	}
	b.answer(now.Add(-time.Second), broker.Found{Offset: 3, At: now.Add(30 * time.Second)})
	if b.high.Before(b.low) {
		t.Errorf("a clock that is behind the broker's: %+v", b)
	}
}

// backdated is a topic of records that say they are an hour old, of which three of five are
// committed, with settings.
func backdated(t *testing.T, settings ...kafka.ConfigEntry) *broker.Client {
	t.Helper()
	k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, stream.Subscriptions.Topic().String()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	c, err := broker.Open(broker.Config{Brokers: k.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	plain := kafka.Client{Addr: kafka.TCP(k.ListenAddrs()...)}
	topic := stream.Usage.Topic().String()
	made, err := plain.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: 1, ReplicationFactor: 1, ConfigEntries: settings}}})
	if err != nil || made.Errors[topic] != nil {
		t.Fatal(err, made)
	}
	var messages []broker.Message
	for i := range 5 {
		messages = append(messages, broker.Message{Time: time.Now().Add(-time.Hour + time.Duration(i)*time.Minute).UnixMicro()})
	}
	if _, err := c.Append(t.Context(), stream.Usage.Topic(), 0, messages); err != nil {
		t.Fatal(err)
	}
	res, err := plain.OffsetCommit(t.Context(), &kafka.OffsetCommitRequest{GroupID: stream.Usage.Group(), GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{topic: {{Partition: 0, Offset: 3}}}})
	if err != nil || res.Topics[topic][0].Error != nil {
		t.Fatal(err, res)
	}
	return c
}

func entry(name, value string) kafka.ConfigEntry {
	return kafka.ConfigEntry{ConfigName: name, ConfigValue: value}
}

// watched is the row of usage/0 after some cycles, and the metrics.
func watched(t *testing.T, c *broker.Client) (Row, string) {
	t.Helper()
	registry := prometheus.NewRegistry()
	m := New(Options{Client: c, Logger: zap.NewNop()}, registry)
	for range 4 { // the settings, and then a few questions each
		m.Cycle(t.Context())
	}
	rows := m.Rows(time.Now())
	return rows[len(rows)-1], scrape(registry)
}

// TestLateByAppendTime: where the topic keeps when a record was appended, lag_seconds is by
// that, also for a monitor that has just begun.
func TestLateByAppendTime(t *testing.T) {
	r, text := watched(t, backdated(t, entry("message.timestamp.type", "LogAppendTime"), entry("retention.ms", "-1")))
	const ago = 57 * 60 // that of record 3
	if *r.LagSeconds < ago*0.95-1 || *r.LagSeconds > ago+30 {
		t.Errorf("%v s", *r.LagSeconds)
	}
	if strings.Contains(text, "runrate_retention_runway_seconds{") {
		t.Error("a runway of what is kept for ever")
	}
}

// TestBackDatedIsNotLate: a producer's time says nothing of how late a record is.
func TestBackDatedIsNotLate(t *testing.T) {
	r, _ := watched(t, backdated(t, entry("message.timestamp.type", "CreateTime"), entry("retention.ms", "7200000")))
	if *r.LagSeconds > 30 {
		t.Errorf("%v s", *r.LagSeconds)
	}
}

// TestRunway: how long retention still keeps the record that is due, at least; nothing where
// nothing waits.
func TestRunway(t *testing.T) {
	c := backdated(t, entry("message.timestamp.type", "CreateTime"), entry("retention.ms", "7200000"))
	r, text := watched(t, c)
	const left = 3600 + 3*60
	if r.runway == nil || *r.runway > left || *r.runway < left-0.06*3600-30 {
		t.Fatalf("%+v", r)
	}
	contains(t, text, `runrate_retention_runway_seconds{group="runrate-usage",partition="0",topic="runrate.usage"} 3`)
	plain := kafka.Client{Addr: kafka.TCP(c.Config().Brokers...)}
	if _, err := plain.OffsetCommit(t.Context(), &kafka.OffsetCommitRequest{GroupID: stream.Usage.Group(), GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{"runrate.usage": {{Partition: 0, Offset: 5}}}}); err != nil {
		t.Fatal(err)
	}
	if r, text := watched(t, c); r.runway != nil || strings.Contains(text, "runrate_retention_runway_seconds{") || *r.LagSeconds != 0 {
		t.Errorf("nothing waits: %+v", r)
	}
}
