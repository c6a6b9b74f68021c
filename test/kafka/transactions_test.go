//go:build kafka

package kafkacluster_test

import (
	"bytes"
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"runrate/consumers/consume"
	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/lag"
	"runrate/internal/stream"
	"runrate/internal/views/verify"
	"runrate/test/chaos/readback"
	"runrate/test/kafka/kafkatest"
	"runrate/test/oracle"
	"runrate/test/oracle/gen"
	"runrate/test/transact"
)

// The whole pipeline behind transactional producers on a real cluster: plain
// records, transactions that are committed, aborted, interleaved, and one that
// hangs. Every view equals the oracle's, who knows what was committed; a rebuild of
// such topics ends; and the proof is green. Then the transaction that hung ends.
func TestTransactions(t *testing.T) {
	const partitions = 3
	ctx := t.Context()
	k, client := kafkatest.Cluster(t), kafkatest.Client(t)
	inputs(t, client, partitions)
	tables := openTables(t)
	core, logs := observer.New(zapcore.InfoLevel)
	o := options(client, tables, zap.New(core))
	consuming(t, o)
	w := &writer{t: t, client: client, r: rand.New(rand.NewPCG(3, 3)), sent: map[stream.Source]int{}}
	for i := range w.producers {
		w.producers[i] = transact.New(t, kafkatest.Name(t), k.Brokers()...)
	}
	log := gen.Stream(9, gen.Options{Records: 1200, Partitions: partitions, Days: 10}).Log()
	w.write(log, 0, 100)
	if err := k.StopNode(ctx, 0); err != nil { // others lead
		t.Fatal(err)
	}
	if err := k.Heal(ctx); err != nil {
		t.Fatal(err)
	}
	w.write(log, 100, 10_000)
	for source := range log {
		w.producers[0].Begin().Send(source, aborted(log[source])...).Abort()
	}
	hanging := w.hang(log)

	check := func(when string) {
		t.Helper()
		settle(t, client)
		w.check(when, tables, partitions)
	}
	check("while a transaction hangs")
	for source, end := range hanging {
		if r, err := client.Range(ctx, source); err != nil || r.End != end {
			t.Errorf("%s: the log ends at %d, not where the transaction hangs, at %d: %v", source, r.End, end, err)
		}
	}
	for _, topic := range stream.Inputs() {
		if err := consume.Rebuild(ctx, topic, "a test", consume.Change{}, o); err != nil {
			t.Fatal(err)
		}
	}
	check("after a rebuild")
	w.producers[0].Abort()
	for source, end := range hanging {
		w.sent[source]++
		within(t, 30*time.Second, "the transaction is over", func() bool {
			r, err := client.Range(ctx, source)
			return err == nil && r.End > end
		})
	}
	check("once it is aborted")
	for _, l := range logs.FilterLevelExact(zap.ErrorLevel).All() {
		t.Errorf("logged: %s %v", l.Message, l.ContextMap())
	}
}

func settle(t *testing.T, client *broker.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := lag.Settle(ctx, client, stream.Inputs(), nil); err != nil {
		t.Fatal(err)
	}
}

// writer writes a log in transactions and without.
type writer struct {
	t         *testing.T
	client    *broker.Client
	r         *rand.Rand
	producers [2]*transact.Producer
	sent      map[stream.Source]int // that count
}

// write writes the records from..to of each partition, with aborted ones between.
func (w *writer) write(log oracle.Log, from, to int) {
	w.t.Helper()
	for _, source := range slices.SortedFunc(maps.Keys(log), stream.Source.Compare) {
		records := log[source]
		records = records[min(from, len(records)):min(to, len(records))]
		for batch := range slices.Chunk(records, 15) {
			which := w.r.IntN(2)
			one, other := w.producers[which], w.producers[1-which]
			switch w.r.IntN(5) {
			case 0:
				w.plain(source, batch)
			case 1:
				w.sent[source] += len(batch)
				one.Begin().Send(source, messagesOf(batch)...).Commit()
			case 2:
				one.Begin().Send(source, aborted(batch)...).Abort()
				w.plain(source, batch)
			case 3: // two at once, one of which is aborted, and plain ones between
				half := len(batch) / 2
				one.Begin().Send(source, aborted(batch)...)
				other.Begin().Send(source, messagesOf(batch[:half])...)
				w.sent[source] += len(batch)
				one.Send(source, aborted(batch[:1])...)
				other.Send(source, messagesOf(batch[half:])...)
				one.Abort()
				other.Commit()
			case 4: // aborted later
				one.Begin().Send(source, aborted(batch)...)
				w.plain(source, batch)
				one.Abort()
			}
		}
	}
}

// hang begins a transaction on every partition, with one record behind it that
// nobody may see yet, and returns where the logs end meanwhile.
func (w *writer) hang(log oracle.Log) map[stream.Source]stream.Offset {
	w.t.Helper()
	settle(w.t, w.client) // the markers before are written
	ends := map[stream.Source]stream.Offset{}
	w.producers[0].Begin()
	for source := range log {
		r, err := w.client.Range(w.t.Context(), source)
		if err != nil {
			w.t.Fatal(err)
		}
		ends[source] = r.End
		w.producers[0].Send(source, aborted(log[source])...)
		w.plain(source, log[source][:1])
		w.sent[source]--
	}
	return ends
}

func (w *writer) plain(source stream.Source, batch []stream.Record) {
	w.t.Helper()
	w.sent[source] += len(batch)
	var messages []broker.Message
	for _, r := range batch {
		messages = append(messages, broker.Message{Key: r.Key, Value: r.Value})
	}
	if _, err := w.client.Append(w.t.Context(), source.Topic, source.Partition, messages); err != nil {
		w.t.Fatal(err)
	}
}

func messagesOf(batch []stream.Record) (out []transact.Message) {
	for _, r := range batch {
		out = append(out, transact.Message{Key: r.Key, Value: r.Value})
	}
	return out
}

const abortedID = `"id":"aborted-`

// aborted are other events like those of a batch.
func aborted(batch []stream.Record) (out []transact.Message) {
	for _, r := range batch {
		if value := bytes.Replace(r.Value, []byte(`"id":"`), []byte(abortedID), 1); bytes.Contains(value, []byte(abortedID)) {
			out = append(out, transact.Message{Key: r.Key, Value: value})
		}
	}
	if len(out) == 0 {
		out = append(out, transact.Message{Value: []byte(abortedID)})
	}
	return out
}

// check holds the log against what was sent, the views against the oracle, and the
// tables against the log.
func (w *writer) check(when string, tables *store.Store, partitions int32) {
	w.t.Helper()
	ctx, log, skipped := w.t.Context(), oracle.Log{}, 0
	for _, topic := range stream.Inputs() {
		ranges, err := w.client.Offsets(ctx, topic)
		if err != nil {
			w.t.Fatal(err)
		}
		for p, r := range ranges {
			source, counts := stream.Source{Topic: topic, Partition: p}, 0
			for next := r.First; next < r.End; next = r.First + stream.Offset(len(log[source])) {
				records, _, err := w.client.Fetch(ctx, source, next, 20_000, time.Second)
				if err != nil {
					w.t.Fatal(err)
				}
				log[source] = append(log[source], records...)
			}
			for _, r := range log[source] {
				marker := len(r.Key) == 4 && r.Key[0] == 0
				if is := marker || bytes.Contains(r.Value, []byte(abortedID)); is != r.Skipped {
					w.t.Fatalf("%s: %s@%d: skipped %v, key %q, value %q", when, source, r.Offset, r.Skipped, r.Key, r.Value)
				}
				if r.Skipped {
					skipped++
				} else {
					counts++
				}
			}
			if counts != w.sent[source] {
				w.t.Errorf("%s: %s: %d records count, %d were committed", when, source, counts, w.sent[source])
			}
		}
	}
	const sample = readback.Sample(5)
	got, err := readback.Views(ctx, tables.Conn(), tables.Database(), sample)
	if err != nil {
		w.t.Fatal(err)
	}
	if diff := oracle.Diff(got, oracle.Compute(log, partitions, oracle.Options{AsOf: sample.Keep})); diff != "" {
		w.t.Errorf("%s (- is ours, + the oracle's):\n%s", when, diff)
	}
	results, err := verify.Run(ctx, verify.Options{Conn: tables.Conn(), Database: tables.Database(), Log: w.client, Show: 3})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range results {
		if r.Outcome != verify.Proved {
			w.t.Errorf("%s: %s, %s: %s: %s %v", when, r.View, r.Proves, r.Outcome, r.Note, r.Rows)
		}
	}
	w.t.Logf("%s: %d offsets are skipped", when, skipped)
}
