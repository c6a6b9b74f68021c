//go:build kafka

package kafkacluster_test

import (
	"slices"
	"testing"
	"time"

	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/test/kafka/kafkatest"
)

// TestCoordinatorMoves: the coordinator of a group is killed: its successor takes
// the member's commits, and ends up knowing all of those before. But from Kafka 4
// on it may at first answer with older ones, or with none, until a replica has told
// it how far the log of commits is acknowledged: an answer right after a move
// proves nothing.
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

// TestJoinWithTheFirstBrokerHung: a consumer group's first broker hangs: it takes
// connections and never answers. kafka-go tries the brokers in the order given and
// takes the first that it can connect to; the dialer that it is given passes over
// one that does not answer.
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
	began := time.Now()
	join(t, beginning(t, hung), group, topic).wait(1, -1)
	t.Logf("joined after %v", time.Since(began))
}

// TestJoinBeforeTheTopicExists: a group that is joined before its topic exists
// gives its members no partition, and says nothing more when the topic comes, until
// someone joins or leaves.
func TestJoinBeforeTheTopicExists(t *testing.T) {
	c := kafkatest.Client(t)
	topic, group := stream.Other(kafkatest.Name(t)), kafkatest.Name(t)
	one := join(t, c, group, topic)
	before := one.wait(0, -1)
	kafkatest.Create(t, topic, 2)
	// Another group that comes now has its partitions at once.
	join(t, c, kafkatest.Name(t), topic).wait(2, -1)
	if still := one.wait(0, -1); still != before {
		t.Errorf("a new generation without a reason: %+v, then %+v", before, still)
	}
	join(t, c, group, topic).wait(1, before.Generation)
	one.wait(1, before.Generation)
}

// TestCoordinatorHangs: the coordinator of a group hangs: commits wait for the
// client's own timeout.
func TestCoordinatorHangs(t *testing.T) {
	k := kafkatest.Cluster(t)
	topic, group := kafkatest.Topic(t, 1), kafkatest.Name(t)
	at, err := k.Coordinator(t.Context(), group)
	if err != nil {
		t.Fatal(err)
	}
	c := beginning(t, at)
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
