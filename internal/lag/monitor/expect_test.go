package monitor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/internal/views/freshness"
)

// TestExpectedIsNotWhatWasSeen: a monitor that begins while a partition is gone expects it
// all the same, by the epoch's record; what cannot be read now stays as it was.
func TestExpectedIsNotWhatWasSeen(t *testing.T) {
	_, c := world(t)
	var away error
	registry := prometheus.NewRegistry()
	m := New(Options{Client: c, Logger: zap.NewNop(), Epochs: func(context.Context) ([]freshness.Epoch, error) {
		return []freshness.Epoch{{Topic: stream.Usage.Topic(), Kafka: "runrate.usage", Partitions: 5}}, away
	}}, registry)
	m.Cycle(t.Context())
	away = errors.New("away")
	m.Cycle(t.Context())
	text := scrape(registry)
	contains(t, text, `runrate_topic_partitions_expected{topic="runrate.usage"} 5`, `runrate_topic_partitions_expected{topic="runrate.subscriptions"} 4`, `runrate_monitor_errors_total{api="clickhouse"`)
	if n := strings.Count(text, `status="ok",topic="runrate.usage"}`); n != 4 {
		t.Errorf("%d partitions are reported", n)
	}
}

// TestExpectedWithoutTheTopic: a topic that is not there at all is missing, too.
func TestExpectedWithoutTheTopic(t *testing.T) {
	k, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	c, err := broker.Open(broker.Config{Brokers: k.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	registry := prometheus.NewRegistry()
	m := New(Options{Client: c, Logger: zap.NewNop(), Epochs: func(context.Context) ([]freshness.Epoch, error) {
		return []freshness.Epoch{{Topic: stream.Usage.Topic(), Kafka: "runrate.usage", Partitions: 5}}, nil
	}}, registry)
	m.Cycle(t.Context())
	contains(t, scrape(registry), `runrate_topic_partitions_expected{topic="runrate.usage"} 5`)
}

// TestFollowsTheEpoch: when the views are switched to a topic of another name, that one is
// watched, and what was seen of the one before is forgotten.
func TestFollowsTheEpoch(t *testing.T) {
	k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "runrate.usage", "runrate.subscriptions"), kfake.SeedTopics(3, "runrate.usage.v2"))
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	c, err := broker.Open(broker.Config{Brokers: k.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Named(stream.Names{}.With(stream.Usage, "runrate.usage.v2")).Append(t.Context(), stream.Usage.Topic(), 2, make([]broker.Message, 9)); err != nil {
		t.Fatal(err)
	}
	epoch := freshness.Epoch{Topic: stream.Usage.Topic(), Kafka: "runrate.usage", Partitions: 1}
	m := New(Options{Client: c, Topics: []stream.Topic{stream.Usage.Topic()}, Logger: zap.NewNop(), Epochs: func(context.Context) ([]freshness.Epoch, error) {
		return []freshness.Epoch{epoch}, nil
	}}, prometheus.NewRegistry())
	m.Cycle(t.Context())
	if rows := m.Rows(time.Now()); len(rows) != 1 || *rows[0].End != 0 {
		t.Fatalf("%+v", rows)
	}
	epoch.Kafka, epoch.Partitions = "runrate.usage.v2", 3
	m.Cycle(t.Context())
	if rows := m.Rows(time.Now()); len(rows) != 3 || *rows[2].End != 9 || rows[2].Topic != "runrate.usage" {
		t.Fatalf("%+v", rows)
	}
}
