//go:build kafka

package kafkacluster_test

import (
	"errors"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"runrate/internal/fault"
	"runrate/internal/stream"
	"runrate/test/kafka/kafkatest"
)

// TestBrokersComeAndGo: the leader is killed, paused, moved, and all nodes are
// restarted one by one, while a producer and a reader work on. Nothing is lost,
// nothing is out of order, and nothing is there twice but what was tried twice.
func TestBrokersComeAndGo(t *testing.T) {
	ctx := t.Context()
	k, c := kafkatest.Cluster(t), kafkatest.Client(t)
	s := stream.Source{Topic: kafkatest.Topic(t, 1)}
	l := startLoad(t, c, s)
	l.goesOn("the start")

	leader, err := k.Leader(ctx, s.Topic.String(), 0)
	if err != nil {
		t.Fatal(err)
	}
	do := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		l.goesOn(what)
	}
	do("the leader is killed", k.Kill(leader))
	if now, err := k.Leader(ctx, s.Topic.String(), 0); err != nil || now == leader {
		t.Errorf("node %d leads after it was killed: %v", now, err)
	}
	do("it comes back", k.StartNode(ctx, leader))
	do("its replica is in sync", k.WaitInSync(ctx, s.Topic.String()))
	_, err = k.ElectPreferred(ctx, s.Topic.String(), 0)
	do("the preferred replica is elected", err)

	if leader, err = k.Leader(ctx, s.Topic.String(), 0); err != nil {
		t.Fatal(err)
	}
	do("the leader hangs", k.Pause(leader))
	do("it goes on", k.Resume(leader))
	do("its replica is in sync", k.WaitInSync(ctx))

	for i := range 3 {
		do("a node is stopped", k.StopNode(ctx, i))
		do("and started", k.StartNode(ctx, i))
		do("and in sync", k.WaitInSync(ctx))
	}
	l.check()
}

// TestOneBrokerLeft: with fewer brokers than min.insync.replicas nothing is
// acknowledged, and the error may pass: when a broker comes back, the same append
// succeeds.
func TestOneBrokerLeft(t *testing.T) {
	ctx := t.Context()
	k, c := kafkatest.Cluster(t), kafkatest.Client(t)
	s := stream.Source{Topic: kafkatest.Topic(t, 1)}
	if _, err := c.Append(ctx, s.Topic, 0, messages(0, 10)); err != nil {
		t.Fatal(err)
	}
	left, err := k.Leader(ctx, s.Topic.String(), 0)
	if err != nil {
		t.Fatal(err)
	}
	// In order, so that they leave the in-sync replicas while the controllers
	// still have a majority to agree on it.
	for i := range 3 {
		if i != left {
			if err := k.StopNode(ctx, i); err != nil {
				t.Fatal(err)
			}
		}
	}
	within(t, 30*time.Second, "the leader says that it has too few replicas", func() bool {
		_, err := c.Append(ctx, s.Topic, 0, messages(10, 11))
		if !fault.Passes(err) {
			t.Fatalf("append to one replica of three: %v", err)
		}
		return errors.Is(err, kafka.NotEnoughReplicas)
	})
	for range 5 {
		if base, err := c.Append(ctx, s.Topic, 0, messages(10, 11)); !errors.Is(err, kafka.NotEnoughReplicas) || !fault.Passes(err) {
			t.Fatalf("append to one replica of three: %d, %v", base, err)
		}
	}
	// What was acknowledged before can still be read.
	rs, _, err := c.Fetch(ctx, s, 0, 1<<20, time.Second)
	if err != nil || len(rs) != 10 {
		t.Errorf("fetch from the one that is left: %d records, %v", len(rs), err)
	}
	if err := k.StartNode(ctx, (left+1)%3); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	within(t, 30*time.Second, "append works again", func() bool {
		_, err := c.Append(ctx, s.Topic, 0, messages(10, 11))
		if err != nil && !fault.Passes(err) {
			t.Fatal(err)
		}
		return err == nil
	})
	t.Logf("append works %v after the second node is there", time.Since(began).Round(time.Millisecond))
	within(t, 10*time.Second, "the record can be read", func() bool {
		rs, _, err := c.Fetch(ctx, s, 0, 1<<20, time.Second)
		return err == nil && len(rs) >= 11
	})
	r, err := c.Range(ctx, s)
	if err != nil || r.End < 11 {
		t.Errorf("range %v, %v", r, err)
	}
	t.Logf("%d records for 11 acknowledged", r.End)
}
