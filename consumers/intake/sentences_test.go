package intake_test

import (
	"fmt"
	"testing"

	"runrate/consumers/intake"
	"runrate/internal/event"
	"runrate/internal/stream"
	"runrate/test/sentences"
)

// TestSentences: what is said of records that the rules of this package refuse.
func TestSentences(t *testing.T) {
	const account, partitions = "acct_42", 4
	home := stream.Partition([]byte(account), partitions)
	sound := usage(account, noon, "1").AppendJSON(nil)
	sub := event.Event{Type: event.SubscriptionChanged, Source: "s", ID: "1", Account: account, Time: noon,
		Subscription: &event.Subscription{ID: "s", Line: "l", Plan: "p", Status: event.Active, Currency: "USD", Interval: event.EveryMonth, IntervalCount: 1}}
	book := event.Event{Type: event.PricebookPublished, Source: "s", ID: "1", Time: noon, PriceBook: []byte(`{"version":"1","currency":"usd"}`)}
	var said []sentences.Said
	for _, c := range []struct {
		of         string
		partition  int32
		key, value []byte
	}{
		{"a subscription on runrate.usage", home, []byte(account), sub.AppendJSON(nil)},
		{"a key that is null", home, nil, sound},
		{"an empty key", home, []byte{}, sound},
		{"another key", home, []byte("acct_7"), sound},
		{"a key as JSON", home, []byte(`"acct_42"`), sound},
		{"a key of a schema registry", home, []byte("\x00\x00\x00\x00\x07acct_42"), sound},
		{"another partition", (home + 1) % partitions, []byte(account), sound},
		{"a price book that is none", home, nil, book.AppendJSON(nil)},
	} {
		var j intake.Judged
		intake.NewJudge(stream.Source{Topic: stream.Usage.Topic(), Partition: c.partition}, partitions).Judge(&stream.Record{Key: c.key, Value: c.value}, &j)
		if j.Refusal == nil {
			t.Fatalf("%s is accepted", c.of)
		}
		said = append(said, sentences.Said{Of: c.of, Sentence: j.Refusal.Error()})
	}
	for _, at := range []event.Time{noon + 6*event.Minute, noon - 36*event.Day} {
		g := intake.NewGate(source, intake.DefaultMemory)
		g.Tick(tick(0, noon))
		if g.Candidate(judged(1, usage(account, at, "1"))) {
			t.Fatalf("%s is accepted at %s", at, noon)
		}
		dead := g.DeadLetters()[0]
		said = append(said, sentences.Said{Of: fmt.Sprintf("an event of %s", at), Sentence: string(dead.Reason) + ": " + dead.Detail})
	}
	g := intake.NewGate(source, intake.DefaultMemory)
	g.Tick(tick(0, noon))
	g.Tick(tick(1, noon+8*event.Day))
	dead := g.DeadLetters()[0]
	said = append(said, sentences.Said{Of: fmt.Sprintf("a tick of %s", noon+8*event.Day), Sentence: string(dead.Reason) + ": " + dead.Detail})
	sentences.Check(t, "testdata/sentences.txt", said)
}
