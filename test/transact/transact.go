// Package transact writes to Kafka as transactional producers do (Flink, Kafka
// Streams, connectors): what they commit counts, what they abort stays in the log
// all the same, and each transaction leaves a marker.
package transact

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"runrate/internal/stream"
)

// Message is a record to send.
type Message struct{ Key, Value []byte }

// Producer has one transactional id, and one transaction at a time.
type Producer struct {
	t      testing.TB
	client *kgo.Client
}

// New is a producer, closed when the test ends. A transaction that is open then
// stays so for longer than any test runs.
func New(t testing.TB, id string, brokers ...string) *Producer {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.TransactionalID(id), kgo.TransactionTimeout(10*time.Minute),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &Producer{t, client}
}

// Begin begins a transaction.
func (p *Producer) Begin() *Producer {
	p.t.Helper()
	p.must(p.client.BeginTransaction())
	return p
}

// Send writes messages to a partition within the transaction, acknowledged.
func (p *Producer) Send(source stream.Source, messages ...Message) *Producer {
	p.t.Helper()
	var records []*kgo.Record
	for _, m := range messages {
		records = append(records, &kgo.Record{Topic: source.Topic.String(), Partition: source.Partition, Key: m.Key, Value: m.Value})
	}
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	p.must(p.client.ProduceSync(ctx, records...).FirstErr())
	return p
}

// Commit ends the transaction: what was sent counts.
func (p *Producer) Commit() { p.t.Helper(); p.end(kgo.TryCommit) }

// Abort ends the transaction: what was sent does not count.
func (p *Producer) Abort() { p.t.Helper(); p.end(kgo.TryAbort) }

func (p *Producer) end(how kgo.TransactionEndTry) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	p.must(p.client.EndTransaction(ctx, how))
}

func (p *Producer) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}
