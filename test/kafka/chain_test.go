//go:build kafka

package kafkacluster_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"runrate/consumers/snapshots"
	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/test/kafka/kafkatest"
	"runrate/test/oracle/gen"
)

// TestQuietChainIsKept: retention of a real cluster deletes what a quiet partition's
// commit pointed to, as a busy neighbour fills the snapshot log they share. The worker
// has written its state anew before, and the next one goes on from that.
func TestQuietChainIsKept(t *testing.T) {
	const retention, segment = 6 << 20, 1 << 20
	ctx, client := t.Context(), kafkatest.Client(t)
	kafkatest.Create(t, stream.Snapshots(), 1, "retention.bytes", "6291456", "segment.bytes", "1048576", "max.message.bytes", "8388608")
	if err := client.EnsureTopics(ctx, 1, 3); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kafkatest.Delete(t, stream.Inputs()...) })
	tables := openTables(t)
	core, logs := observer.New(zapcore.InfoLevel)
	o := options(client, tables, zap.New(core))
	stop := consuming(t, o)
	log := gen.Stream(6, gen.Options{Records: 300, Partitions: 1, Days: 10}).Log()
	publish(t, client, batches(log))
	settle(t, client)
	source := stream.Source{Topic: stream.Usage.Topic()}
	chain := func() snapshots.Pointer {
		t.Helper()
		p, err := snapshots.ParsePointer(committed(t, client, source.Topic.Kind().Group(), source.Topic)[0].Metadata)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	before, numbersBefore := chain(), numbers(t, tables)
	fill(t, client, retention*2/3/segment)
	within(t, time.Minute, "the chain is renewed", func() bool { return chain().First > before.First })
	fill(t, client, retention/segment)
	snapshotLog := stream.Source{Topic: stream.Snapshots()}
	within(t, time.Minute, "retention has deleted the chain that was", func() bool {
		held, err := client.Range(ctx, snapshotLog)
		return err == nil && held.First > before.Last
	})
	within(t, time.Minute, "the commit points to what the log holds", func() bool {
		held, err := client.Range(ctx, snapshotLog)
		return err == nil && chain().First >= held.First
	})
	stop()
	stop = consuming(t, o)
	settle(t, client)
	within(t, time.Minute, "both partitions are restored", func() bool { return logs.FilterMessage("restored").Len() >= 2 })
	if now := numbers(t, tables); now != numbersBefore {
		t.Errorf("%s, it was %s", now, numbersBefore)
	}
	stop()
	for _, l := range logs.FilterLevelExact(zap.ErrorLevel).All() {
		if !strings.Contains(l.Message, "is written anew from memory") {
			t.Errorf("logged: %s %v", l.Message, l.ContextMap())
		}
	}
}

// fill is a neighbour that appends so many segments to the snapshot log.
func fill(t *testing.T, client *broker.Client, segments int) {
	t.Helper()
	for range 4 * segments {
		noise := make([]byte, 256<<10)
		_, _ = rand.Read(noise) // never fails
		if _, err := client.Append(t.Context(), stream.Snapshots(), 0, []broker.Message{{Key: []byte("runrate.neighbour/0"), Value: noise}}); err != nil {
			t.Fatal(err)
		}
	}
}
