//go:build kafka

package kafkacluster_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"runrate/consumers/consume"
	"runrate/consumers/intake"
	"runrate/consumers/store"
	"runrate/consumers/worker"
	"runrate/deploy/local"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/fault"
	"runrate/internal/lag"
	"runrate/internal/stream"
	chschema "runrate/schemas/clickhouse"
	"runrate/test/chaos/readback"
	"runrate/test/kafka/kafkatest"
	"runrate/test/oracle"
	"runrate/test/oracle/gen"
)

// TestPipeline: the whole pipeline on a real cluster: both topics folded by two
// consumers into a real ClickHouse, while nodes are killed and restarted one by
// one, and one consumer leaves and another joins. Then every view equals the
// oracle's.
func TestPipeline(t *testing.T) {
	const partitions = 3
	ctx := t.Context()
	k, client := kafkatest.Cluster(t), kafkatest.Client(t)
	inputs(t, client, partitions)
	tables := openTables(t)

	core, logs := observer.New(zapcore.InfoLevel)
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	consumer := func() (stop func()) {
		ctx, cancel := context.WithCancel(ctx)
		t.Cleanup(cancel)
		limits := worker.DefaultLimits
		limits.Every, limits.Records = 100*time.Millisecond, 50
		o := consume.Options{Client: client, Store: tables, Limits: limits, Session: 6 * time.Second,
			Memory: intake.Memory{Recent: event.Hour, Most: 50}, Logger: zap.New(core)}
		for _, topic := range stream.Inputs() {
			running.Go(func() {
				if err := consume.Run(ctx, topic, o); err != nil {
					t.Errorf("consume %s: %v", topic, err)
				}
			})
		}
		return cancel
	}
	leaves := consumer()
	consumer()

	generated := gen.Stream(7, gen.Options{Records: 3000, Partitions: partitions, Days: 10})
	log := generated.Log()
	for source, records := range log {
		for i := range records {
			records[i].Offset = stream.Offset(i)
		}
		log[source] = records
	}
	f := &feeder{t: t, client: client, log: log}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		f.feed(300)
	}
	f.feed(300)
	do(k.Kill(0))
	do(k.StartNode(ctx, 0))
	do(k.WaitInSync(ctx))
	leaves()
	consumer()
	for i := range 3 {
		do(k.StopNode(ctx, i))
		do(k.StartNode(ctx, i))
		do(k.WaitInSync(ctx))
	}
	for f.feed(300) {
	}

	settling, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := lag.Settle(settling, client, stream.Inputs(), nil); err != nil {
		t.Errorf("settle: %v", err)
	}
	for _, l := range logs.FilterLevelExact(zap.ErrorLevel).All() {
		t.Errorf("logged: %s %v", l.Message, l.ContextMap())
	}
	const sample = readback.Sample(5)
	got, err := readback.Views(ctx, tables.Conn(), tables.Database(), sample)
	if err != nil {
		t.Fatal(err)
	}
	want := oracle.Compute(log, partitions, oracle.Options{AsOf: sample.Keep})
	if diff := oracle.Diff(got, want); diff != "" {
		t.Errorf("- is ours, + the oracle's:\n%s", diff)
	}
	t.Logf("%d records, %d rows of usage_events, restores %d", f.fed, len(want["usage_events"]), logs.FilterMessage("restored").Len())
}

// inputs makes the topics of the pipeline, with three replicas, until the test ends.
func inputs(t *testing.T, client *broker.Client, partitions int32) {
	t.Helper()
	if err := client.EnsureTopics(t.Context(), partitions, 3); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kafkatest.Delete(t, append(stream.Inputs(), stream.Snapshots())...) })
}

func openTables(t *testing.T) *store.Store {
	t.Helper()
	server, err := local.StartClickHouse(t.Context(), local.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	tables, err := store.Open(t.Context(), store.Options{Address: server.TCPAddr()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tables.Close() })
	if _, err := chschema.Migrate(t.Context(), tables.Conn(), chschema.Options{}); err != nil {
		t.Fatal(err)
	}
	return tables
}

// feeder appends the records of a log, each at its offset.
type feeder struct {
	t      *testing.T
	client *broker.Client
	log    oracle.Log
	fed    int
	next   map[stream.Source]int
}

// feed appends up to n records to each partition, in small batches: false when
// there are no more.
func (f *feeder) feed(n int) bool {
	f.t.Helper()
	if f.next == nil {
		f.next = map[stream.Source]int{}
	}
	more := false
	for source, records := range f.log {
		for batch := range slices.Chunk(records[f.next[source]:min(f.next[source]+n, len(records))], 20) {
			f.append(source, batch)
			f.next[source] += len(batch)
			f.fed += len(batch)
		}
		more = more || f.next[source] < len(records)
	}
	return more
}

// append puts a batch at its place. After an error the log itself tells whether
// it is there.
func (f *feeder) append(source stream.Source, batch []stream.Record) {
	f.t.Helper()
	var messages []broker.Message
	for _, r := range batch {
		messages = append(messages, broker.Message{Key: r.Key, Value: r.Value})
	}
	within(f.t, time.Minute, "append", func() bool {
		at, err := f.client.Append(f.t.Context(), source.Topic, source.Partition, messages)
		if err == nil {
			if at != batch[0].Offset {
				f.t.Fatalf("%s: a batch meant for offset %d is at %d", source, batch[0].Offset, at)
			}
			return true
		}
		if !fault.Passes(err) {
			f.t.Fatal(err)
		}
		r, err := f.client.Range(f.t.Context(), source)
		return err == nil && r.End == batch[len(batch)-1].Offset+1 // only the answer was lost
	})
}
