//go:build kafka

package kafkacluster_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/test/kafka/kafkatest"
)

// expiring is a group whose only member left early in this run.
var expiring struct {
	sync.Once
	topic stream.Topic
	group string
	since time.Time
}

// beginExpiry commits for the group whose offsets are to expire, in a topic that
// lasts as long as the cluster.
func beginExpiry(t *testing.T) {
	expiring.Do(func() {
		c := kafkatest.Client(t)
		expiring.topic, expiring.group = kafkatest.Lasting(t, 1), kafkatest.Name(t)
		one := join(t, c, expiring.group, expiring.topic)
		m := one.wait(1, -1)
		if err := commit(t, c, m, stream.Source{Topic: expiring.topic}, 7, "snapshot"); err != nil {
			t.Fatal(err)
		}
		one.leave()
		expiring.since = time.Now()
		if got := committed(t, c, expiring.group, expiring.topic)[0]; got.Next != 7 {
			t.Fatal(got)
		}
	})
}

// TestGroupDeleted: the offsets of a group that is deleted are gone: nothing is
// said but that there is none.
func TestGroupDeleted(t *testing.T) {
	ctx := t.Context()
	c := kafkatest.Client(t)
	topic, group := kafkatest.Topic(t, 1), kafkatest.Name(t)
	one := join(t, c, group, topic)
	m := one.wait(1, -1)
	if err := commit(t, c, m, stream.Source{Topic: topic}, 7, "snapshot"); err != nil {
		t.Fatal(err)
	}
	transport, err := c.Config().Transport()
	if err != nil {
		t.Fatal(err)
	}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(c.Config().Brokers...), Transport: transport, Timeout: 10 * time.Second}
	remove := func() error {
		res, err := client.DeleteGroups(ctx, &kafka.DeleteGroupsRequest{GroupIDs: []string{group}})
		if err != nil {
			return err
		}
		return res.Errors[group]
	}
	if err := remove(); err == nil {
		t.Error("a group with a member was deleted")
	}
	one.leave()
	within(t, 10*time.Second, "the group is deleted", func() bool { return remove() == nil })
	if got := committed(t, c, group, topic)[0]; got.Set {
		t.Errorf("%+v", got)
	}
	// A member of before is fenced, though nothing of the group is left.
	var out *broker.Fenced
	if err := commit(t, c, m, stream.Source{Topic: topic}, 8, ""); !errors.As(err, &out) {
		t.Errorf("commit of a member of a group that was deleted: %v", err)
	}
}

// TestOffsetsExpire: the offsets of a group without members are gone after a time:
// here a minute, a week by default.
func TestOffsetsExpire(t *testing.T) {
	beginExpiry(t)
	c := kafkatest.Client(t)
	within(t, 100*time.Second, "the offsets expire", func() bool {
		return !committed(t, c, expiring.group, expiring.topic)[0].Set
	})
	if took := time.Since(expiring.since); took < time.Minute {
		t.Errorf("gone %v after the member had left: not by their expiry", took)
	}
	t.Logf("expired at most %v after the member had left", time.Since(expiring.since).Round(time.Second))
}
