//go:build kafka

package kafkacluster_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"runrate/consumers/intake"
	"runrate/consumers/snapshots"
	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
	"runrate/test/kafka/kafkatest"
	"runrate/test/sim"
)

// watched is a log, and how far it was read.
type watched struct {
	*broker.Client
	next atomic.Int64
}

// Fetch is the client's.
func (w *watched) Fetch(ctx context.Context, s stream.Source, at stream.Offset, maxBytes int, maxWait time.Duration) ([]stream.Record, stream.Offset, error) {
	records, end, err := w.Client.Fetch(ctx, s, at, maxBytes, maxWait)
	if n := len(records); n > 0 {
		w.next.Store(max(w.next.Load(), int64(records[n-1].Offset)+1)) // it looks again at the last one
	}
	return records, end, err
}

// TestUncleanElection: a replica that was not in sync becomes the leader: the log
// loses its tail, which a worker has folded and not flushed, and goes on with other
// records under the same offsets. The worker stops, and writes nothing of either. Such a topic is warned of.
func TestUncleanElection(t *testing.T) {
	const kept, lost = 20, 8
	ctx := t.Context()
	k, c := kafkatest.Cluster(t), kafkatest.Client(t)
	topic := stream.Usage.Named(kafkatest.Name(t))
	kafkatest.Create(t, stream.Snapshots(), 1)
	transport := &kafka.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	admin := kafka.Client{Addr: kafka.TCP(k.Brokers()...), Timeout: 20 * time.Second, Transport: transport}
	res, err := admin.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{
		Topic: topic.String(), NumPartitions: -1, ReplicationFactor: -1,
		ReplicaAssignments: []kafka.ReplicaAssignment{{Partition: 0, Replicas: []int{1, 2}}}, // nodes 0 and 1
		ConfigEntries: []kafka.ConfigEntry{
			{ConfigName: "unclean.leader.election.enable", ConfigValue: "true"}, {ConfigName: "min.insync.replicas", ConfigValue: "1"},
		},
	}}})
	if err != nil || res.Errors[topic.String()] != nil {
		t.Fatal(err, res)
	}
	t.Cleanup(func() { kafkatest.Delete(t, topic) })
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(k.WaitInSync(ctx, topic.String()))
	if warning, err := c.Losing(ctx, topic); err != nil || !strings.Contains(warning, "unclean.leader.election.enable=true") {
		t.Errorf("warning %q, %v", warning, err)
	}
	write := func(from, to int) {
		t.Helper()
		within(t, time.Minute, "append", func() bool {
			_, err := c.Append(ctx, topic, 0, messages(from, to))
			if err != nil && !fault.Passes(err) {
				t.Fatal(err)
			}
			return err == nil
		})
	}
	write(0, kept)

	source, log, tables := stream.Source{Topic: topic}, &watched{Client: c}, &sim.Tables{}
	limits := worker.Limits{Records: 1000, Bytes: 1 << 20, Every: time.Hour, Fetch: 1 << 20}
	config := worker.Config{Fold: sim.Fold(source, 1, intake.DefaultMemory), Limits: limits, Board: worker.NewBoard(),
		Member: join(t, c, kafkatest.Name(t), topic).wait(1, -1)}
	ended := make(chan error, 1)
	go func() { ended <- worker.New(config, log, tables, zap.NewNop()).Run(ctx) }()
	do(k.StopNode(ctx, 1)) // no more in sync
	write(kept, kept+lost)
	within(t, 30*time.Second, "the worker has read all", func() bool {
		if len(ended) > 0 {
			t.Fatal(<-ended)
		}
		return log.next.Load() >= kept+lost // an append may be there twice
	})
	do(k.Kill(0))
	do(k.StartNode(ctx, 1))
	within(t, time.Minute, "the other one leads", func() bool {
		leader, err := k.Leader(ctx, topic.String(), 0)
		return err == nil && leader == 1
	})
	write(100, 100+5*lost)
	select {
	case err := <-ended:
		var another *worker.AnotherLog
		if !errors.As(err, &another) {
			t.Errorf("ended with %v", err)
		}
		t.Log(err)
	case <-time.After(time.Minute):
		t.Error("the worker goes on")
	}
	if p, err := tables.Progress(ctx, 0, topic); err != nil || len(p) > 0 {
		t.Errorf("written: %v, %v", p, err)
	}
}

// TestSnapshotsOfANewLeader: a state is never taken for one that is gone, and a
// partition never for a new one, because the leader of the snapshot log has just changed.
func TestSnapshotsOfANewLeader(t *testing.T) {
	ctx := t.Context()
	k, c := kafkatest.Cluster(t), kafkatest.Client(t)
	kafkatest.Create(t, stream.Snapshots(), 1)
	labels := snapshots.Labels{Source: stream.Source{Topic: stream.Usage.Topic()}}
	chain := snapshots.NewChain(labels)
	for try := range 2 {
		leader, err := k.Leader(ctx, stream.Snapshots().String(), 0)
		if err != nil {
			t.Fatal(err)
		}
		var next stream.Offset
		for range 20 {
			next++
			part := &snapshot.Record{State: &snapshot.Record_Usage{Usage: &snapshot.UsageState{Progress: &snapshot.Progress{NextOffset: int64(next)}}}}
			if err := chain.Append(ctx, c, next, next == 1, time.Now(), func(yield func(*snapshot.Record) bool) { yield(part) }); err != nil {
				t.Fatal(err)
			}
		}
		p, _ := chain.Pointer()
		if err := k.Kill(leader); err != nil {
			t.Fatal(err)
		}
		tries := 0
		within(t, 30*time.Second, "the state is restored", func() bool {
			tries++
			at, _, err := snapshots.Restore(ctx, c, labels, p, next, func(*snapshot.Record) error { return nil })
			if err != nil && !fault.Passes(err) {
				t.Fatal(err)
			}
			any, anyErr := snapshots.Any(ctx, c, labels, p.First, p.Last+1)
			if anyErr != nil && !fault.Passes(anyErr) || anyErr == nil && !any {
				t.Fatalf("any %v, %v", any, anyErr)
			}
			return err == nil && at == next && anyErr == nil
		})
		t.Logf("try %d: restored after %d tries", try, tries)
		if err := k.Heal(ctx); err != nil {
			t.Fatal(err)
		}
	}
}
