package local_test

import (
	"testing"
	"time"

	"runrate/deploy/local"
	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/schemas/topics"
)

// TestBrokerTellsItsTime: who compares clocks with the broker gets its time, again
// and again, and other topics are appended to as ever.
func TestBrokerTellsItsTime(t *testing.T) {
	b := startBroker(t, local.BrokerConfig{Dir: t.TempDir(), ClockTopic: topics.Clock})
	c, err := broker.Open(broker.Config{Brokers: []string{b.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 {
		before := time.Now().Truncate(time.Millisecond)
		now, err := c.Time(t.Context())
		if err != nil || now.Before(before) || now.After(time.Now()) {
			t.Fatalf("the broker's time is %s, asked at %s: %v", now, before, err)
		}
	}
}

// TestBrokerKeepsProducersTimes: it does not say that it keeps the times of appends, which it
// does not.
func TestBrokerKeepsProducersTimes(t *testing.T) {
	b := startBroker(t, local.BrokerConfig{Dir: t.TempDir(), ClockTopic: topics.Clock})
	c, err := broker.Open(broker.Config{Brokers: []string{b.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.EnsureTopics(t.Context(), 1, 1); err != nil {
		t.Fatal(err)
	}
	if times, err := c.Times(t.Context(), stream.Usage.Topic()); err != nil || times.Append || times.Retention != 0 {
		t.Errorf("%+v, %v", times, err)
	}
}
