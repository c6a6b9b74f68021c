package worker_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/test/localtest"
)

// TestLargeRecords: a record of 10 MB is refused by the broker unless the topic
// takes it; then a fetch that asks for less brings it whole.
func TestLargeRecords(t *testing.T) {
	address := localtest.Broker(t).Addr()
	client, err := broker.Open(broker.Config{Brokers: []string{address}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	topic := localtest.Name(t)
	admin := kafka.Client{Addr: kafka.TCP(address), Timeout: 10 * time.Second, Transport: &kafka.Transport{}}
	res, err := admin.CreateTopics(context.Background(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{
		Topic: topic, NumPartitions: 1, ReplicationFactor: 1,
		ConfigEntries: []kafka.ConfigEntry{{ConfigName: "max.message.bytes", ConfigValue: "16777216"}},
	}}})
	if err != nil || res.Errors[topic] != nil {
		t.Fatal(err, res.Errors[topic])
	}
	large := bytes.Repeat([]byte("x"), 10*mb)
	small := stream.Other(localtest.Topic(t, 1))
	if _, err := client.Append(t.Context(), small, 0, []broker.Message{{Value: []byte("x")}}); err != nil {
		t.Fatal(err)
	}
	_, err = client.Append(t.Context(), small, 0, []broker.Message{{Value: large}})
	if !broker.TooLarge(err) || !strings.Contains(err.Error(), "arge") {
		t.Errorf("by default: %v", err)
	}
	for range 3 {
		if _, err := client.Append(t.Context(), stream.Other(topic), 0, []broker.Message{{Key: []byte("a"), Value: large}}); err != nil {
			t.Fatal(err)
		}
	}
	for at := stream.Offset(0); at < 3; {
		records, _, err := client.Fetch(t.Context(), stream.Source{Topic: stream.Other(topic)}, at, 4*mb, time.Second)
		if err != nil || len(records) == 0 {
			t.Fatalf("fetch at %d: %d records, %v", at, len(records), err)
		}
		if len(records) != 1 || !bytes.Equal(records[0].Value, large) {
			t.Errorf("fetch of 4 MB at %d: %d records", at, len(records))
		}
		at = records[len(records)-1].Offset + 1
	}
}
