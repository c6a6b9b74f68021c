//go:build kafka

package kafkacluster_test

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/stream"
	"runrate/test/kafka/kafkatest"
)

// TestRetentionOvertakesAReader: retention overtakes a reader that stands still: it
// is told so, with the range of the log, so that it can say how many records it
// will never see.
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

// TestRecordsDeleted: DeleteRecords does at once, to any offset, what retention does.
func TestRecordsDeleted(t *testing.T) {
	k, c := kafkatest.Cluster(t), kafkatest.Client(t)
	s := stream.Source{Topic: kafkatest.Topic(t, 1)}
	if _, err := c.Append(t.Context(), s.Topic, 0, messages(0, 10)); err != nil {
		t.Fatal(err)
	}
	if first, err := k.DeleteRecords(t.Context(), s.Topic.String(), 0, 7); err != nil || first != 7 {
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
		if err != nil && !errors.As(err, &outside) && !fault.Passes(err) {
			t.Fatal(err)
		}
		return outside != nil
	})
	if !outside.Known || outside.Range.First <= next || outside.Range.End != end || fault.Passes(outside) {
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
