//go:build kafka

package kafkacluster_test

import (
	"errors"
	"testing"
	"time"

	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/stream"
	"runrate/test/kafka/kafkatest"
)

// TestARecordThatWasReadIsNotReadableForAWhile: a record that was read may for a
// moment not be readable again: the leader that served it is killed, and the next
// one has it, but does not know yet that all replicas do. Then Kafka answers a
// fetch with no records, no error, and an end at or before the record. That is no
// sign of another log: it passes. The range of the log is not told in that time, or
// it includes the record.
func TestARecordThatWasReadIsNotReadableForAWhile(t *testing.T) {
	ctx := t.Context()
	k, c := kafkatest.Cluster(t), kafkatest.Client(t)
	s := stream.Source{Topic: kafkatest.Topic(t, 1)}
	var last stream.Offset
	read := func(n int) {
		t.Helper()
		base, err := c.Append(ctx, s.Topic, 0, messages(n, n+1))
		if err != nil {
			t.Fatal(err)
		}
		last = base
		within(t, 5*time.Second, "the record is read", func() bool {
			rs, _, err := c.Fetch(ctx, s, last, 1<<20, 10*time.Millisecond)
			return err == nil && len(rs) == 1
		})
	}
	for try := range 2 {
		leader, err := k.Leader(ctx, s.Topic.String(), 0)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 20 {
			read(n)
		}
		if err := k.Kill(leader); err != nil {
			t.Fatal(err)
		}
		empty, untold := 0, 0
		began := time.Now()
		var since time.Time // of the first empty answer
		within(t, 30*time.Second, "the record is read again", func() bool {
			rs, end, err := c.Fetch(ctx, s, last, 1<<20, time.Millisecond)
			switch {
			case err != nil && !fault.Passes(err):
				t.Fatalf("the record is there, but: %v", err)
			case err != nil:
				return false
			case len(rs) > 0:
				return true
			}
			if empty++; since.IsZero() {
				since = time.Now()
			}
			if end > last {
				t.Errorf("no record at %d though the end is %d", last, end)
			}
			r, err := c.Range(ctx, s)
			switch {
			case err != nil && !fault.Passes(err):
				t.Fatal(err)
			case err != nil:
				untold++
			case r.End <= last:
				var outside *broker.OutOfRange
				_, _, err := c.Fetch(ctx, s, last, 1<<20, time.Millisecond)
				t.Errorf("the range ends at %d, before the record at %d that was read (out of range %v)", r.End, last, errors.As(err, &outside))
			}
			return false
		})
		if empty > 0 {
			t.Logf("try %d: read again %v after the kill; before it %d empty answers in %v, the range not told %d times",
				try, time.Since(began).Round(time.Millisecond), empty, time.Since(since).Round(time.Millisecond), untold)
		} else {
			t.Logf("try %d: read again %v after the kill, without an empty answer", try, time.Since(began).Round(time.Millisecond))
		}
		if err := k.Heal(ctx); err != nil {
			t.Fatal(err)
		}
	}
}
