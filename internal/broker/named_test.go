package broker

import (
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"runrate/internal/stream"
)

// TestNamed: where a topic is called otherwise in Kafka, all that is asked of Kafka is
// of that one, and errors name it; the topic by the contract's name is left alone.
func TestNamed(t *testing.T) {
	ctx := t.Context()
	_, plain := cluster(t)
	c := plain.Named(stream.Names{}.With(stream.Usage, "usage.v2"))
	if err := plain.EnsureTopics(ctx, 1, 1); err != nil {
		t.Fatal(err)
	}
	usage, v2 := stream.Usage.Topic(), stream.Usage.Named("usage.v2")
	if _, err := c.Partitions(ctx, usage); err == nil || !strings.Contains(err.Error(), "topic usage.v2 does not exist") {
		t.Errorf("without it: %v", err)
	}
	if _, err := plain.kafka.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{topicConfig(v2, 3, 1)}}); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Partitions(ctx, usage); err != nil || n != 3 {
		t.Errorf("%d partitions, %v", n, err)
	}
	if n, err := c.Partitions(ctx, stream.Subscriptions.Topic()); err != nil || n != 1 {
		t.Errorf("%d partitions of the other, %v", n, err)
	}
	source := stream.Source{Topic: usage, Partition: 2}
	if at, err := c.Append(ctx, usage, 2, messages(0, 5)); err != nil || at != 0 {
		t.Errorf("append: %d, %v", at, err)
	}
	if rs, end, err := c.Fetch(ctx, source, 0, 1<<20, time.Second); err != nil || len(rs) != 5 || end != 5 {
		t.Errorf("fetch: %d up to %d, %v", len(rs), end, err)
	}
	if _, _, err := c.Fetch(ctx, source, 9, 1<<20, time.Second); err == nil || !strings.Contains(err.Error(), "fetch usage.v2/2@9: the log holds 0 up to 5") {
		t.Errorf("fetch beyond it: %v", err)
	}
	if r, err := c.Range(ctx, source); err != nil || r != (Range{0, 5}) {
		t.Errorf("range: %v, %v", r, err)
	}
	if rs, err := plain.Offsets(ctx, usage); err != nil || len(rs) != 1 || rs[0].End != 0 {
		t.Errorf("the other topic: %v, %v", rs, err)
	}
	if commits, err := c.Committed(ctx, "g", usage); err != nil || len(commits) != 3 {
		t.Errorf("commits: %v, %v", commits, err)
	}
	// A topic that has a name of its own keeps it, by either client.
	if n, err := c.Partitions(ctx, stream.Usage.Named("usage.v2")); err != nil || n != 3 {
		t.Errorf("%d partitions by its own name, %v", n, err)
	}
}
