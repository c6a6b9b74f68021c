//go:build kafka

package kafkacluster_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/stream"
	"runrate/test/kafka/kafkatest"
)

// member is a member of a consumer group that keeps its partitions in whatever
// generation it is, as consumers/worker's Group does.
type member struct {
	t     *testing.T
	group *kafka.ConsumerGroup
	id    string

	mu         sync.Mutex
	generation *kafka.Generation
	errs       []error // of tries to join
}

// join makes a member with its own connections.
func join(t *testing.T, c *broker.Client, id string, topic stream.Topic) *member {
	t.Helper()
	dialer, err := c.Config().Dialer()
	if err != nil {
		t.Fatal(err)
	}
	g, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: id, Brokers: c.Config().Brokers, Topics: []string{topic.String()}, Dialer: dialer,
		HeartbeatInterval: 200 * time.Millisecond, SessionTimeout: 5 * time.Second, RebalanceTimeout: 10 * time.Second,
		JoinGroupBackoff: 200 * time.Millisecond, StartOffset: kafka.FirstOffset,
	})
	if err != nil {
		t.Fatal(err)
	}
	m := &member{t: t, group: g, id: id}
	t.Cleanup(m.leave)
	go func() {
		for {
			gen, err := g.Next(context.Background())
			if errors.Is(err, kafka.ErrGroupClosed) {
				return
			}
			if err != nil { // kafka-go tries again by itself
				m.mu.Lock()
				m.errs = append(m.errs, err)
				m.mu.Unlock()
				continue
			}
			m.mu.Lock()
			m.generation = gen
			m.mu.Unlock()
			gen.Start(func(ctx context.Context) { <-ctx.Done() })
		}
	}()
	return m
}

func (m *member) leave() { m.group.Close() }

// wait waits for a generation in which the member has n partitions, other
// than that of generation after.
func (m *member) wait(n int, after int32) broker.Member {
	m.t.Helper()
	var found broker.Member
	within(m.t, 30*time.Second, "the member has its partitions", func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		g := m.generation
		if g == nil || g.ID <= after {
			return false
		}
		assigned := 0
		for _, a := range g.Assignments {
			assigned += len(a)
		}
		found = broker.Member{Group: m.id, Generation: g.ID, ID: g.MemberID}
		return assigned == n
	})
	return found
}

// commit repeats a commit while its error is one that may pass.
func commit(t *testing.T, c *broker.Client, m broker.Member, s stream.Source, next stream.Offset, metadata string) error {
	t.Helper()
	var err error
	within(t, 30*time.Second, "commit", func() bool {
		err = c.Commit(t.Context(), m, s, next, metadata)
		return !fault.Passes(err)
	})
	return err
}

// committed repeats Committed while its error is one that may pass.
func committed(t *testing.T, c *broker.Client, group string, topic stream.Topic) map[int32]broker.Commit {
	t.Helper()
	var commits map[int32]broker.Commit
	within(t, 30*time.Second, "read the commits", func() bool {
		var err error
		commits, err = c.Committed(t.Context(), group, topic)
		if err != nil && !fault.Passes(err) {
			t.Fatal(err)
		}
		return err == nil
	})
	return commits
}

func TestCommit(t *testing.T) {
	beginExpiry(t) // for a test at the end of the run
	c := kafkatest.Client(t)
	topic, group := kafkatest.Topic(t, 2), kafkatest.Name(t)
	s := stream.Source{Topic: topic, Partition: 1}
	if got := committed(t, c, group, topic); len(got) != 2 || got[0].Set || got[1].Set {
		t.Fatalf("before any commit: %v", got)
	}
	one := join(t, c, group, topic)
	m := one.wait(2, -1)
	if err := commit(t, c, m, s, 0, "snapshot 0"); err != nil {
		t.Fatal(err)
	}
	want := map[int32]broker.Commit{0: {}, 1: {Set: true, Next: 0, Metadata: "snapshot 0"}}
	if got := committed(t, c, group, topic); got[0] != want[0] || got[1] != want[1] {
		t.Fatalf("after a commit of 0: %v", got)
	}
	if err := commit(t, c, m, s, 8, strings.Repeat("x", broker.MaxMetadata)); err != nil {
		t.Errorf("metadata at the limit: %v", err)
	}
	var out *broker.Fenced
	for _, other := range []broker.Member{
		{Group: group, Generation: m.Generation - 1, ID: m.ID}, {Group: group, Generation: m.Generation + 1, ID: m.ID},
		{Group: group, Generation: m.Generation, ID: "someone else"}, {Group: kafkatest.Name(t), Generation: m.Generation, ID: m.ID},
	} {
		if err := commit(t, c, other, s, 9, ""); !errors.As(err, &out) {
			t.Errorf("commit as %+v: %v", other, err)
		}
	}

	// A second member comes: the first one's generation is over, and its
	// commits under it are refused.
	two := join(t, c, group, topic)
	m2 := two.wait(1, m.Generation)
	m1 := one.wait(1, m.Generation)
	if m1.Generation != m2.Generation {
		t.Errorf("generations %d and %d", m1.Generation, m2.Generation)
	}
	if err := commit(t, c, m, s, 9, "stale"); !errors.As(err, &out) {
		t.Errorf("commit of a past generation: %v", err)
	}
	// A generation fences, not an assignment: any member may commit any partition.
	for i, m := range []broker.Member{m1, m2} {
		if err := commit(t, c, m, s, stream.Offset(10+i), "new"); err != nil {
			t.Errorf("commit of the generation's own member: %v", err)
		}
	}
	// A member that has left is fenced at once.
	two.leave()
	one.wait(2, m1.Generation)
	if err := commit(t, c, m2, s, 99, "left"); !errors.As(err, &out) {
		t.Errorf("commit of a member that left: %v", err)
	}
	if got := committed(t, c, group, topic)[1]; got != (broker.Commit{Set: true, Next: 11, Metadata: "new"}) {
		t.Errorf("the refused commits left %+v", got)
	}
}
