//go:build kafka

package kafkacluster_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/stream"
	"runrate/test/kafka/kafkatest"
)

// TestTopicCreatedAnew: a topic is deleted and created again under the same name.
// While the new log is shorter than what a reader had read, its fetch is out of
// range. When the new log is longer, Kafka serves the old offset from the new log
// without a word: only the topic's id tells, or the content. The group's offsets go
// with the old topic.
func TestTopicCreatedAnew(t *testing.T) {
	beginExpiry(t) // for a test at the end of the run
	ctx := t.Context()
	k, c := kafkatest.Cluster(t), kafkatest.Client(t)
	topic, group := kafkatest.Topic(t, 1), kafkatest.Name(t)
	s := stream.Source{Topic: topic}
	if _, err := c.Append(ctx, topic, 0, messages(0, 10)); err != nil {
		t.Fatal(err)
	}
	one := join(t, c, group, topic)
	m := one.wait(1, -1)
	if err := commit(t, c, m, s, 5, "snapshot"); err != nil {
		t.Fatal(err)
	}
	// One change of leader, so that the old log has an epoch above 0.
	leader, err := k.Leader(ctx, topic.String(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.StopNode(ctx, leader); err != nil {
		t.Fatal(err)
	}
	if err := k.Heal(ctx); err != nil {
		t.Fatal(err)
	}
	oldID, oldEpoch, err := k.TopicID(ctx, topic.String())
	if err != nil {
		t.Fatal(err)
	}

	kafkatest.Delete(t, topic)
	for what, err := range map[string]error{
		"fetch":  second(c.Fetch(ctx, s, 5, 1<<20, time.Millisecond)),
		"append": first(c.Append(ctx, topic, 0, messages(0, 1))),
		"range":  first(c.Range(ctx, s)),
	} {
		t.Logf("%s of the deleted topic: retryable %v: %v", what, fault.Passes(err), err)
		if err == nil {
			t.Errorf("%s of the deleted topic passed", what)
		}
	}
	kafkatest.Create(t, topic, 1)
	newID, newEpoch, err := k.TopicID(ctx, topic.String())
	if err != nil || newID == oldID {
		t.Errorf("id %x as before, %v", newID, err)
	}
	t.Logf("leader epoch %d, then %d", oldEpoch, newEpoch)

	anew := func(from, to int) {
		t.Helper()
		ms := messages(from, to)
		for i := range ms {
			ms[i].Value = fmt.Appendf(nil, "new%d", from+i)
		}
		within(t, 20*time.Second, "append to the new topic", func() bool {
			_, err := c.Append(ctx, topic, 0, ms)
			if err != nil && !fault.Passes(err) {
				t.Fatal(err)
			}
			return err == nil
		})
	}
	anew(0, 3)
	var outside *broker.OutOfRange
	within(t, 20*time.Second, "the fetch is out of range", func() bool {
		_, _, err := c.Fetch(ctx, s, 5, 1<<20, time.Millisecond)
		if err != nil && !errors.As(err, &outside) && !fault.Passes(err) {
			t.Fatal(err)
		}
		return outside != nil
	})
	if outside.Range != (broker.Range{End: 3}) {
		t.Errorf("%v", outside)
	}
	anew(3, 20)
	rs, _, err := c.Fetch(ctx, s, 5, 1<<20, time.Second)
	if err != nil || len(rs) == 0 || rs[0].Offset != 5 || string(rs[0].Value) != "new5" {
		t.Errorf("fetch of the old offset in the longer log: %d records, %v; if Kafka tells now, internal/broker can listen", len(rs), err)
	}
	var got broker.Commit
	within(t, 20*time.Second, "the group's offset is gone with its topic", func() bool {
		got = committed(t, c, group, topic)[0]
		return !got.Set
	})
	// A worker that runs on commits into the void between the two.
	err = commit(t, c, one.wait(1, -1), s, 6, "of the old log")
	t.Logf("a commit by the member that goes on as if nothing had happened: %v", err)
}

func first[T any](_ T, err error) error { return err }

func second[T, U any](_ T, _ U, err error) error { return err }
