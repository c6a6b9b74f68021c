//go:build kafka

package kafkacluster_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"runrate/consumers/consume"
	"runrate/internal/event"
	"runrate/internal/stream"
	"runrate/internal/views/verify"
	"runrate/test/chaos/readback"
	"runrate/test/kafka/kafkatest"
	"runrate/test/oracle"
	"runrate/test/oracle/gen"
	"runrate/test/transact"
)

// TestRepartition: both topics of a real cluster get other partitions, with what a
// transaction aborted among their records, while consumers run and a node is killed. The data records
// are then the same ones, every view equals the oracle's of the new topics, and verify proves it.
func TestRepartition(t *testing.T) {
	const was, is = 2, 5
	ctx := t.Context()
	k, client := kafkatest.Cluster(t), kafkatest.Client(t)
	if err := client.EnsureTopics(ctx, was, 3); err != nil {
		t.Fatal(err)
	}
	all := append(stream.Inputs(), stream.Snapshots())
	for _, kind := range stream.Kinds() {
		all = append(all, kind.Named(kind.Topic().String()+".v2"))
	}
	t.Cleanup(func() { kafkatest.Delete(t, all...) })
	tables := openTables(t)
	core, logs := observer.New(zapcore.InfoLevel)
	o := options(client, tables, zap.New(core))
	consuming(t, o)

	log := gen.Stream(9, gen.Options{Records: 1200, Partitions: was, Days: 10}).Log()
	producer := transact.New(t, kafkatest.Name(t), k.Brokers()...)
	for source, records := range log {
		producer.Begin().Send(source, aborted(records)...).Abort()
		for batch := range slices.Chunk(records, 100) {
			var messages []transact.Message
			for _, r := range batch {
				messages = append(messages, transact.Message{Key: r.Key, Value: r.Value})
			}
			producer.Begin().Send(source, messages...).Commit()
		}
		producer.Begin().Send(source, aborted(records)...).Abort()
	}
	settle(t, client)

	for i, kind := range stream.Kinds() {
		ended := make(chan error, 1)
		go func() {
			ended <- consume.Repartition(ctx, kind, consume.Repartitioning{Partitions: is, Reason: "a test", Still: time.Second}, o)
		}()
		if i == 0 {
			if err := k.Kill(0); err != nil {
				t.Fatal(err)
			}
			if err := k.StartNode(ctx, 0); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	// Where the answer to a creation was lost, the topic of that name stays empty and the
	// next one is taken.
	names, err := tables.Names(ctx, client.Config().Topics)
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range stream.Inputs() {
		if now := names.Of(topic); !slices.Contains(all, now) {
			all = append(all, now)
		}
	}
	after := client.Named(names)
	if err := k.Heal(ctx); err != nil { // the node that came back may not know the new topics yet
		t.Fatal(err)
	}
	within(t, 30*time.Second, "all nodes know the new topics", func() bool {
		for range 10 { // whichever is asked
			for _, topic := range stream.Inputs() {
				if _, err := after.Partitions(ctx, topic); err != nil {
					return false
				}
			}
		}
		return true
	})
	settle(t, after)
	copied := oracle.Log{}
	for _, topic := range stream.Inputs() {
		for p := range int32(is) {
			source := stream.Source{Topic: topic, Partition: p}
			held, err := after.Range(ctx, source)
			if err != nil {
				t.Fatal(err)
			}
			for at := stream.Offset(0); at < held.End; {
				records, _, err := after.Fetch(ctx, source, at, 8<<20, time.Second)
				if err != nil {
					t.Fatal(err)
				}
				copied[source] = append(copied[source], records...)
				at += stream.Offset(len(records))
			}
		}
		before, now := dataOf(log, topic), dataOf(copied, topic)
		if !slices.EqualFunc(before, now, bytes.Equal) {
			t.Errorf("%s: %d data records, and %d in the copy, or others", topic, len(before), len(now))
		}
	}
	const sample = readback.Sample(5)
	got, err := readback.Views(ctx, tables.Conn(), tables.Database(), sample)
	if err != nil {
		t.Fatal(err)
	}
	if diff := oracle.Diff(got, oracle.Compute(copied, is, oracle.Options{AsOf: sample.Keep})); diff != "" {
		t.Errorf("- is ours, + the oracle's:\n%s", diff)
	}
	results, err := verify.Run(ctx, verify.Options{Conn: tables.Conn(), Database: tables.Database(), Log: after, Show: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Outcome != verify.Proved {
			t.Errorf("%s (%s): %s %s %v", r.View, r.Proves, r.Outcome, r.Note, r.Rows)
		}
	}
	for _, l := range logs.FilterLevelExact(zap.ErrorLevel).All() {
		t.Errorf("logged: %s %v", l.Message, l.ContextMap())
	}
}

// dataOf are the values of a topic's records that are not of control, in order.
func dataOf(log oracle.Log, topic stream.Topic) (values [][]byte) {
	var decoder event.Decoder
	for source, records := range log {
		for _, r := range records {
			if e, refusal := decoder.Decode(r.Value); source.Topic == topic && (refusal != nil || !e.Type.Control()) {
				values = append(values, r.Value)
			}
		}
	}
	slices.SortFunc(values, bytes.Compare)
	return values
}
