package gateway_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/producers/gateway"
)

// grown is a Kafka whose topics get other partitions, and that tells where events go.
type grown struct {
	partitions atomic.Int32
	at         chan int32
}

func (g *grown) Partitions(context.Context, stream.Topic) (int32, error) {
	return g.partitions.Load(), nil
}

func (g *grown) Append(_ context.Context, _ stream.Topic, partition int32, _ []broker.Message) (stream.Offset, error) {
	g.at <- partition
	return 0, nil
}

// TestPartitionsAdded: a door is ready no more once a topic has other partitions than it
// began with, and says the way out; what comes all the same goes where the account's events are.
func TestPartitionsAdded(t *testing.T) {
	g := &grown{at: make(chan int32, 1)}
	g.partitions.Store(4)
	door := gateway.New(gateway.Options{Log: g})
	if err := door.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.partitions.Store(64)
	if err := door.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "has 64 partitions, and had 4 when this began") || !strings.Contains(err.Error(), "runrate repartition") {
		t.Errorf("ready: %v", err)
	}
	s := httptest.NewServer(door)
	defer s.Close()
	url := s.URL + "/v1/events"
	for _, account := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		if got := post(t, url, "application/json", []byte(usage("1", account))); got.status != http.StatusAccepted {
			t.Fatalf("answered %d: %s", got.status, got.body)
		}
		if at := <-g.at; at != stream.Partition([]byte(account), 4) {
			t.Errorf("an event of %s went to %d", account, at)
		}
	}
}
