//go:build kafka

package kafkacluster_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"runrate/deploy/kafka/kafkatest"
	"runrate/internal/broker"
	"runrate/internal/stream"
)

// member is a member of a consumer group that keeps its partitions in whatever
// generation it is, as consumers/worker's Group does.
type member struct {
	t     *testing.T
	group *kafka.ConsumerGroup
	id    string

	mu         sync.Mutex
	generation *kafka.Generation
}

// join makes a member with its own connections.
func join(t *testing.T, c *broker.Client, id, topic string) *member {
	t.Helper()
	dialer, err := c.Config().Dialer()
	if err != nil {
		t.Fatal(err)
	}
	g, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: id, Brokers: c.Config().Brokers, Topics: []string{topic}, Dialer: dialer,
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
			if err != nil {
				continue // kafka-go tries again by itself
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
		return !broker.Retryable(err)
	})
	return err
}

// committed repeats Committed while its error is one that may pass.
func committed(t *testing.T, c *broker.Client, group, topic string) map[int32]broker.Commit {
	t.Helper()
	var commits map[int32]broker.Commit
	within(t, 30*time.Second, "read the commits", func() bool {
		var err error
		commits, err = c.Committed(t.Context(), group, topic)
		if err != nil && !broker.Retryable(err) {
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

// The coordinator of a group is killed: its successor takes the member's
// commits, and ends up knowing all of those before. But from Kafka 4 on it may at
// first answer with older ones, or with none, until a replica has told it how far
// the log of commits is acknowledged: an answer right after a move proves nothing.
func TestCoordinatorMoves(t *testing.T) {
	k, c := kafkatest.Cluster(t), kafkatest.Client(t)
	topic, group := kafkatest.Topic(t, 1), kafkatest.Name(t)
	s := stream.Source{Topic: topic}
	one := join(t, c, group, topic)
	m := one.wait(1, -1)
	const last = 7
	for next := range stream.Offset(last + 1) {
		if err := commit(t, c, m, s, next, "before"); err != nil {
			t.Fatal(err)
		}
	}
	old, err := k.Coordinator(t.Context(), group)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := k.Kill(old); err != nil {
		t.Fatal(err)
	}
	answered := time.Duration(0)
	stale := map[broker.Commit]int{}
	within(t, 30*time.Second, "the last commit can be read", func() bool {
		got := committed(t, c, group, topic)[0]
		if answered == 0 {
			answered = time.Since(began)
		}
		if got.Set && got.Next == last {
			return true
		}
		stale[got]++
		return false
	})
	t.Logf("commits can be read %v after the kill, the last one %v after; older ones until then: %v", answered, time.Since(began), stale)
	within(t, 30*time.Second, "the member commits again", func() bool {
		m2 := one.wait(1, -1)
		err := commit(t, c, m2, s, last+1, "after")
		if err != nil {
			t.Logf("%v after the kill: %v", time.Since(began), err)
			return false
		}
		t.Logf("commits again %v after the kill, generation %d then %d, same member id %v", time.Since(began), m.Generation, m2.Generation, m.ID == m2.ID)
		return true
	})
	// A commit is acknowledged only after those before it can be read.
	if got := committed(t, c, group, topic)[0]; got.Next != last+1 {
		t.Errorf("after a commit to the new coordinator: %+v", got)
	}
	if at, err := k.Coordinator(t.Context(), group); err != nil || at == old {
		t.Errorf("the coordinator is node %d as before: %v", at, err)
	}
}

// beginning is a client whose list of brokers begins with a node.
func beginning(t *testing.T, node int) *broker.Client {
	t.Helper()
	config := kafkatest.Client(t).Config()
	config.Brokers = slices.Concat(config.Brokers[node:], config.Brokers[:node])
	c, err := broker.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// A consumer group's first broker hangs: it takes connections and never answers.
// kafka-go tries the brokers in the order given, takes the first that it can
// connect to, and so never asks another. A group made anew with the brokers in
// another order joins.
func TestJoinWithTheFirstBrokerHung(t *testing.T) {
	k := kafkatest.Cluster(t)
	topic, group := kafkatest.Topic(t, 1), kafkatest.Name(t)
	at, err := k.Coordinator(t.Context(), group)
	if err != nil {
		t.Fatal(err)
	}
	hung := (at + 1) % 3
	if err := k.Pause(hung); err != nil {
		t.Fatal(err)
	}
	stuck := join(t, beginning(t, hung), group, topic)
	time.Sleep(7 * time.Second) // more than kafka-go's 5 s for one request
	stuck.mu.Lock()
	if stuck.generation != nil {
		t.Error("joined: kafka-go has learned to ask another broker, and consumers/worker need not do it")
	}
	stuck.mu.Unlock()
	stuck.leave()
	began := time.Now()
	join(t, beginning(t, (hung+1)%3), group, topic).wait(1, -1)
	t.Logf("with another broker first: joined after %v", time.Since(began))
}

// The coordinator of a group hangs: commits wait for the client's own timeout.
func TestCoordinatorHangs(t *testing.T) {
	k := kafkatest.Cluster(t)
	topic, group := kafkatest.Topic(t, 1), kafkatest.Name(t)
	at, err := k.Coordinator(t.Context(), group)
	if err != nil {
		t.Fatal(err)
	}
	c := beginning(t, (at+1)%3) // or it would not join again: see above
	one := join(t, c, group, topic)
	m := one.wait(1, -1)
	if err := commit(t, c, m, stream.Source{Topic: topic}, 1, "before"); err != nil {
		t.Fatal(err)
	}
	if err := k.Pause(at); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	within(t, 60*time.Second, "the member commits again", func() bool {
		m = one.wait(1, -1)
		err := commit(t, c, m, stream.Source{Topic: topic}, 2, "after")
		if err != nil {
			t.Logf("%v after: %v", time.Since(began), err)
		}
		return err == nil
	})
	t.Logf("commits again %v after, in generation %d", time.Since(began), m.Generation)
	// The old coordinator wakes up, and is not taken for the present one.
	if err := k.Resume(at); err != nil {
		t.Fatal(err)
	}
	if got := committed(t, c, group, topic)[0]; got.Next != 2 {
		t.Errorf("after the old coordinator woke up: %+v", got)
	}
}
