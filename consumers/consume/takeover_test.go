package consume

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

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

// generous leaves all partitions to the others, if there are any: its member has none,
// as happens to one where there are more members than partitions.
type generous struct{ kafka.RangeGroupBalancer }

func (generous) UserData() ([]byte, error) { return []byte("generous"), nil }

func (b generous) AssignGroups(members []kafka.GroupMember, partitions []kafka.Partition) kafka.GroupMemberAssignments {
	others := slices.DeleteFunc(slices.Clone(members), func(m kafka.GroupMember) bool { return len(m.UserData) > 0 })
	if len(others) > 0 {
		members = others
	}
	return b.RangeGroupBalancer.AssignGroups(members, partitions)
}

// TestTakeOver: it commits when it is alone in the group, and switches after that; as
// long as a consumer is there, with partitions or without, it does neither.
func TestTakeOver(t *testing.T) {
	for name, shares := range map[string]kafka.GroupBalancer{"a consumer has its share": kafka.RangeGroupBalancer{}, "a consumer has nothing": generous{}} {
		t.Run(name, func(t *testing.T) { testTakeOver(t, shares) })
	}
}

func testTakeOver(t *testing.T, shares kafka.GroupBalancer) {
	c, topic := client(t), stream.Usage.Named(localtest.Topic(t, 2))
	group := topic.Kind().Group()
	other := join(t, group, topic, shares)
	waits := make(chan struct{})
	core, _ := observer.New(zap.WarnLevel)
	o := Options{Client: c, Logger: zap.New(core, zap.Hooks(func(e zapcore.Entry) error {
		if !strings.Contains(e.Message, "waiting until the topic's consumers are stopped") {
			t.Errorf("said %q", e.Message)
		}
		close(waits) // once
		return nil
	}))}
	commits := map[int32]broker.Commit{0: {Set: true, Next: 7, Metadata: "a"}, 1: {Set: true, Next: 8, Metadata: "b"}}
	committed := func() map[int32]broker.Commit {
		got, err := c.Committed(t.Context(), group, topic)
		if err != nil {
			t.Error(err)
		}
		return got
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	done := make(chan error, 1)
	failed := errors.New("ClickHouse does not switch")
	go func() {
		done <- o.takeOver(ctx, topic, 2, commits, func() error {
			if got := committed(); got[0] != commits[0] || got[1] != commits[1] {
				t.Errorf("switched with %v committed", got)
			}
			return failed
		})
	}()
	rejoined := make(chan struct{})
	go func() { // it is a member until it has seen that another waits
		defer close(rejoined)
		for {
			if other.Generation, _ = other.group.Next(ctx); other.Generation == nil {
				return
			}
		}
	}()
	select {
	case <-waits:
	case err := <-done:
		t.Fatalf("it does not wait for the other: %v", err)
	}
	if got := committed(); got[0].Set || got[1].Set {
		t.Errorf("committed beside a consumer: %v", got)
	}
	other.group.Close()
	<-rejoined
	if err := <-done; !errors.Is(err, failed) {
		t.Errorf("ended with %v", err)
	}
}

// TestTakeOverThatCannotCommit does not switch.
func TestTakeOverThatCannotCommit(t *testing.T) {
	c, topic := client(t), stream.Usage.Named(localtest.Topic(t, 1))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	long := map[int32]broker.Commit{0: {Set: true, Next: 7, Metadata: strings.Repeat("x", broker.MaxMetadata+1)}}
	switched := false
	err := Options{Client: c, Logger: zap.NewNop()}.takeOver(ctx, topic, 1, long, func() error { switched = true; return nil })
	if err == nil || ctx.Err() != nil || switched {
		t.Errorf("ended with %v, switched: %v", err, switched)
	}
}
