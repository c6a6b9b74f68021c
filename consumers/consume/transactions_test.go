package consume

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/zap"

	"runrate/internal/lag"
	"runrate/internal/stream"
	"runrate/internal/views/verify"
	"runrate/test/transact"
)

// usageOf is an event of 100 USD.
func usageOf(account, id string) transact.Message {
	return transact.Message{Key: []byte(account), Value: []byte(`{"specversion":"1.0","type":"usage.recorded","source":"t","id":"` + id +
		`","time":"2026-11-02T10:00:00Z","subject":"` + account + `","data":{"product":"chat","quantities":{"in":1}}}`)}
}

// TestTransactions: what transactional producers commit is counted and what they
// abort is not, be it an event, a price book or a tick; all of it is accounted for,
// also while a transaction is open, by a rebuild, and when it ends.
func TestTransactions(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 1)
	usage := stream.Source{Topic: stream.Usage.Topic()}
	subscriptions := stream.Source{Topic: stream.Subscriptions.Topic()}
	running := w.consume()
	w.history()
	one := transact.New(t, "one", w.cluster.ListenAddrs()...)
	other := transact.New(t, "other", w.cluster.ListenAddrs()...)
	dear := transact.Message{Value: []byte(strings.NewReplacer(`"price":"100"`, `"price":"7"`, "2026-11-01T00", "2026-11-02T00").Replace(bookRecord))}
	jump := transact.Message{Value: []byte(`{"specversion":"1.0","type":"clock.ticked","source":"t","id":"j","time":"2030-01-01T00:00:00Z","data":{"jump":true}}`)}

	one.Begin().Send(usage, dear, jump, usageOf("acct_1", "aborted")).Send(subscriptions, jump)
	other.Begin().Send(usage, usageOf("acct_2", "committed"))
	w.settle() // up to the transactions, which are open
	if got := w.numbers(); got != numbers {
		t.Errorf("while they are open: %s, want %s", got, numbers)
	}
	one.Abort()
	other.Send(usage, usageOf("acct_3", "committed")).Commit()
	// The last offset of a log is a marker; then comes one more event, and a
	// transaction that nobody ends.
	w.settle()
	w.more("last")
	one.Begin().Send(usage, usageOf("acct_4", "aborted")).Abort()
	other.Begin().Send(usage, usageOf("acct_5", "open"))
	w.more("behind the open one")
	const all = "revenue 1100, skipped 7 and 2"
	sum := func() string {
		return fmt.Sprintf("revenue %s, skipped %s and %s", w.revenue(),
			w.ask("SELECT toString(sum(skipped)) FROM DB.accounting WHERE topic = 'runrate.usage'"),
			w.ask("SELECT toString(sum(skipped)) FROM DB.accounting WHERE topic = 'runrate.subscriptions'"))
	}
	w.settle()
	proved := func(when string) {
		t.Helper()
		if got := sum(); got != all {
			t.Errorf("%s: %s, want %s", when, got, all)
		}
		w.verify(when)
	}
	proved("with one that is open")
	for _, topic := range stream.Inputs() {
		if err := Rebuild(t.Context(), topic, "a test", Change{}, w.options(zap.NewNop())); err != nil {
			t.Fatal(err)
		}
	}
	proved("after a rebuild")
	running.stop()
	again := w.consume() // the mark of its last record is a marker's
	other.Commit()
	w.settle()
	if got := sum(); got != "revenue 1300, skipped 8 and 2" {
		t.Errorf("once it is committed: %s", got)
	}
	w.verify("once it is committed")
	if partitions, err := lag.Read(t.Context(), w.client(), usage.Topic); err != nil || partitions[0].Behind(partitions[0].Log.End) != 0 {
		t.Errorf("lag %+v, %v", partitions, err)
	}
	for _, c := range []consumer{running, again} {
		for _, err := range c.halts() {
			t.Errorf("halted: %s", err)
		}
	}
}

// verify proves the numbers.
func (w *pipeline) verify(when string) {
	w.t.Helper()
	results, err := verify.Run(w.t.Context(), verify.Options{Conn: w.store.Conn(), Database: w.store.Database(), Log: w.client(), Show: 3})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range results {
		if r.Outcome != verify.Proved {
			w.t.Errorf("%s: %s, %s: %s: %s %v", when, r.View, r.Proves, r.Outcome, r.Note, r.Rows)
		}
	}
}
