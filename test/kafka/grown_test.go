//go:build kafka

package kafkacluster_test

import (
	"context"
	"fmt"
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
	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/test/kafka/kafkatest"
	"runrate/test/oracle"
	"runrate/test/oracle/gen"
)

// TestPartitionsAdded: the topics of a real cluster get more partitions, as an
// operator adds them, and everything is published once more by its new placement. Every
// partition is halted, in the consumers that run and in those that are started after it,
// and no number changes.
func TestPartitionsAdded(t *testing.T) {
	const was, is = 2, 4
	ctx, client := t.Context(), kafkatest.Client(t)
	inputs(t, client, was)
	tables := openTables(t)
	core, logs := observer.New(zapcore.ErrorLevel)
	o := options(client, tables, zap.New(core))

	log := gen.Stream(5, gen.Options{Records: 400, Partitions: was, Days: 10}).Log()
	stop := consuming(t, o)
	publish(t, client, batches(log))
	settle(t, client)
	before := numbers(t, tables)
	for _, topic := range append(stream.Inputs(), stream.Snapshots()) {
		if err := client.Grow(ctx, topic, is); err != nil {
			t.Fatal(err)
		}
	}
	halted := func(when string) {
		t.Helper()
		within(t, time.Minute, when+": every partition is halted", func() bool {
			var n uint64
			query := fmt.Sprintf("SELECT count() FROM %s.freshness WHERE status = 'halted' AND reason = 'partitions_changed'", tables.Database().SQL())
			if err := tables.Conn().QueryRow(ctx, query).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n == 2*is
		})
		if now := numbers(t, tables); now != before {
			t.Errorf("%s: %s, it was %s", when, now, before)
		}
	}
	halted("while they run")
	stop()
	publish(t, client, placed(log, is))
	logs.TakeAll()
	stop = consuming(t, o)
	within(t, time.Minute, "those that are started say so, of every partition", func() bool { return logs.Len() >= 2*is })
	halted("started again")
	stop()
}

// batches are a log's records, as they are in it.
func batches(log oracle.Log) map[stream.Source][]broker.Message {
	all := map[stream.Source][]broker.Message{}
	for source, records := range log {
		for _, r := range records {
			all[source] = append(all[source], broker.Message{Key: r.Key, Value: r.Value})
		}
	}
	return all
}

// placed are a log's data records, as producers place them in topics of so many partitions.
func placed(log oracle.Log, partitions int32) map[stream.Source][]broker.Message {
	all := map[stream.Source][]broker.Message{}
	for source, batch := range batches(log) {
		for _, m := range batch {
			if len(m.Key) > 0 {
				to := stream.Source{Topic: source.Topic, Partition: stream.Partition(m.Key, partitions)}
				all[to] = append(all[to], m)
			}
		}
	}
	return all
}

// publish appends what each partition gets. New partitions may not take it at once.
func publish(t *testing.T, client *broker.Client, all map[stream.Source][]broker.Message) {
	t.Helper()
	for to, batch := range all {
		within(t, 30*time.Second, to.String()+" takes records", func() bool {
			_, err := client.Append(t.Context(), to.Topic, to.Partition, batch)
			return err == nil
		})
	}
}

// numbers are what the views come to.
func numbers(t *testing.T, tables *store.Store) (text string) {
	t.Helper()
	query := fmt.Sprintf(`SELECT concat(toString((SELECT (count(), sum(revenue)) FROM %[1]s.usage_events)), ' ',
		toString((SELECT (count(), sum(revenue)) FROM %[1]s.rolling_revenue)), ' ', toString((SELECT (count(), sum(mrr)) FROM %[1]s.subscriptions)), ' ',
		toString((SELECT (count(), sum(arr)) FROM %[1]s.arr)))`, tables.Database().SQL())
	if err := tables.Conn().QueryRow(t.Context(), query).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

// options are those of one consumer process, which flushes often.
func options(client *broker.Client, tables *store.Store, logger *zap.Logger) consume.Options {
	limits := worker.DefaultLimits
	limits.Every, limits.Records = 100*time.Millisecond, 50
	return consume.Options{Client: client, Store: tables, Limits: limits, Session: 6 * time.Second, Memory: intake.DefaultMemory, Logger: logger}
}

// consuming folds both topics until it is stopped, or the test ends.
func consuming(t *testing.T, o consume.Options) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, topic := range stream.Inputs() {
		running.Go(func() {
			if err := consume.Run(ctx, topic, o); err != nil {
				t.Errorf("consume %s: %v", topic, err)
			}
		})
	}
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(stop)
	return stop
}
