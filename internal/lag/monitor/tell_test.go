package monitor

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/lag/judge"
	"runrate/internal/stream"
)

// TestTell: once a cycle it is told how all partitions do, and of a topic of which none
// is known that this is so; also without Kafka.
func TestTell(t *testing.T) {
	k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, stream.Usage.Topic().String()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	c, err := broker.Open(broker.Config{Brokers: k.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	var cycles [][]Row
	m := New(Options{Client: c, Logger: zap.NewNop(), Tell: func(_ time.Time, rows []Row) { cycles = append(cycles, rows) }}, prometheus.NewRegistry())
	m.Cycle(t.Context())
	k.Close()
	m.Cycle(t.Context())
	if len(cycles) != 2 {
		t.Fatalf("told %d times of 2 cycles", len(cycles))
	}
	for _, rows := range cycles {
		if len(rows) != 3 || rows[0].Partition != 0 || rows[1].Partition != 1 {
			t.Fatalf("told: %+v", rows)
		}
		missing := rows[2]
		if missing.Topic != stream.Subscriptions.Topic().String() || missing.Partition != -1 || missing.Status != judge.Unknown || !strings.HasPrefix(missing.Sentence, "none of its partitions was ever read: ") {
			t.Errorf("of the topic that is not there: %+v", missing)
		}
	}
}
