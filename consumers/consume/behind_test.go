package consume

import (
	"context"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/test/localtest"
)

// member joins a group, as another process does; its generation is over when another
// member comes or goes.
type member struct {
	group *kafka.ConsumerGroup
	*kafka.Generation
}

func join(t *testing.T, group string, topic stream.Topic, shares kafka.GroupBalancer) *member {
	t.Helper()
	g, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: group, Brokers: []string{localtest.Broker(t).Addr()}, Topics: []string{topic.String()},
		GroupBalancers: []kafka.GroupBalancer{shares}, HeartbeatInterval: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	m := &member{group: g}
	m.next(t)
	return m
}

func (m *member) next(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var err error
	if m.Generation, err = m.group.Next(ctx); err != nil {
		t.Fatal(err)
	}
}

func (m *member) as(group string) broker.Member {
	return broker.Member{Group: group, Generation: m.ID, ID: m.MemberID}
}

func appendRecords(t *testing.T, c *broker.Client, topic stream.Topic, partition int32, n int) {
	t.Helper()
	if _, err := c.Append(t.Context(), topic, partition, make([]broker.Message, n)); err != nil {
		t.Fatal(err)
	}
}

// TestBehind reads what toGo needs from a broker.
func TestBehind(t *testing.T) {
	c, topic := client(t), stream.Usage.Named(localtest.Topic(t, 2))
	o := Options{Client: c, Logger: zap.NewNop()}
	group := localtest.Name(t)
	check := func(when string, want int64) {
		t.Helper()
		if got, err := o.behind(t.Context(), group, topic); err != nil || got != want {
			t.Errorf("%s: %d behind, %v; want %d", when, got, err, want)
		}
	}
	appendRecords(t, c, topic, 0, 3)
	check("no such group", 3+2)
	m := join(t, group, topic, kafka.RangeGroupBalancer{})
	commit := func(partition int32, next stream.Offset) {
		t.Helper()
		if err := c.Commit(t.Context(), m.as(group), stream.Source{Topic: topic, Partition: partition}, next, ""); err != nil {
			t.Fatal(err)
		}
	}
	commit(0, 3)
	check("the empty partition is not begun", 1)
	commit(1, 0)
	check("all is committed", 0)
	appendRecords(t, c, topic, 1, 1)
	check("one more", 1)
	if _, err := o.behind(t.Context(), group, stream.Usage.Named("no.such.topic")); err == nil {
		t.Error("a topic that is not there is 0 behind")
	}
}
