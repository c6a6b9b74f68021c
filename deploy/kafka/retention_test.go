//go:build kafka

package kafkacluster_test

import (
	"crypto/rand"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"runrate/deploy/kafka/kafkatest"
	"runrate/internal/broker"
	"runrate/internal/stream"
)

// Retention overtakes a reader that stands still: it is told so, with the range
// of the log, so that it can say how many records it will never see.
func TestRetentionOvertakesAReader(t *testing.T) {
	ctx := t.Context()
	c := kafkatest.Client(t)
	s := stream.Source{Topic: kafkatest.Topic(t, 1, "segment.bytes", "1048576", "retention.bytes", "1048576", "file.delete.delay.ms", "100")}
	filler := make([]byte, 100<<10)
	rand.Read(filler)
	const batches, size = 8, 5 // 500 KiB each
	var ms []broker.Message
	for range size {
		ms = append(ms, broker.Message{Key: []byte("k"), Value: filler})
	}
	if _, err := c.Append(ctx, s.Topic, 0, ms); err != nil {
		t.Fatal(err)
	}
	next := stream.Offset(3) // the reader stops in the first batch
	if rs, _, err := c.Fetch(ctx, s, next, 1<<20, 5*time.Second); err != nil || len(rs) != 2 {
		t.Fatalf("%d records, %v", len(rs), err)
	}
	for range batches - 1 {
		if _, err := c.Append(ctx, s.Topic, 0, ms); err != nil {
			t.Fatal(err)
		}
	}
	overtaken(t, c, s, next, batches*size)
}

// DeleteRecords does the same at once, to any offset.
func TestRecordsDeleted(t *testing.T) {
	k, c := kafkatest.Cluster(t), kafkatest.Client(t)
	s := stream.Source{Topic: kafkatest.Topic(t, 1)}
	if _, err := c.Append(t.Context(), s.Topic, 0, messages(0, 10)); err != nil {
		t.Fatal(err)
	}
	if first, err := k.DeleteRecords(t.Context(), s.Topic, 0, 7); err != nil || first != 7 {
		t.Fatal(first, err)
	}
	if gone := overtaken(t, c, s, 3, 10); gone != 4 {
		t.Errorf("%d records are gone, want 4", gone)
	}
	// In the middle of a batch: what is before it is not served.
	rs, _, err := c.Fetch(t.Context(), s, 7, 1<<20, time.Second)
	if err != nil || len(rs) != 3 || string(rs[0].Value) != "v7" {
		t.Errorf("%d records, %v", len(rs), err)
	}
}

// overtaken waits until the records at next are deleted, and returns how many
// of them.
func overtaken(t *testing.T, c *broker.Client, s stream.Source, next, end stream.Offset) stream.Offset {
	t.Helper()
	var outside *broker.OutOfRange
	within(t, 30*time.Second, "the reader is overtaken", func() bool {
		_, _, err := c.Fetch(t.Context(), s, next, 1<<20, time.Millisecond)
		if err != nil && !errors.As(err, &outside) && !broker.Retryable(err) {
			t.Fatal(err)
		}
		return outside != nil
	})
	if !outside.Known || outside.Range.First <= next || outside.Range.End != end || broker.Retryable(outside) {
		t.Errorf("%+v: %v", outside, outside)
	}
	gone := outside.Range.First - next
	t.Logf("%d records are gone: %v", gone, outside)
	rs, _, err := c.Fetch(t.Context(), s, outside.Range.First, 1<<20, time.Second)
	if err != nil || len(rs) == 0 || rs[0].Offset != outside.Range.First {
		t.Errorf("fetch at the first offset: %d records, %v", len(rs), err)
	}
	return gone
}

// expiring is a group whose only member left early in this run.
var expiring struct {
	sync.Once
	topic, group string
	since        time.Time
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

// The offsets of a group that is deleted are gone: nothing is said but that there
// is none.
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

// So are those of a group without members, after a time: here a minute, a week by
// default.
func TestOffsetsExpire(t *testing.T) {
	beginExpiry(t)
	c := kafkatest.Client(t)
	within(t, 100*time.Second, "the offsets expire", func() bool {
		return !committed(t, c, expiring.group, expiring.topic)[0].Set
	})
	t.Logf("expired at most %v after the member had left", time.Since(expiring.since).Round(time.Second))
}
