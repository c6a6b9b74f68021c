package usage_test

import (
	"testing"

	"runrate/internal/event"
	"runrate/test/sentences"
)

// TestSentences: what is said of events that rule 8 refuses.
func TestSentences(t *testing.T) {
	b := newBooks(t)
	var said []sentences.Said
	refused := func(of, product, meter string, count uint64, at event.Time) {
		dead := b.step(event.Event{Type: event.UsageRecorded, Account: "a", Time: at, Usage: &event.Usage{Product: product, Quantities: []event.Quantity{{Meter: meter, Count: count}}}})
		if len(dead) != 1 {
			t.Fatalf("%s: accepted", of)
		}
		said = append(said, sentences.Said{Of: of, Sentence: string(dead[0].Reason) + ": " + dead[0].Detail})
	}
	refused("before the first price book", "chat-large", "m", 1, bookDay)
	b.publish("chat-large", bookDay)
	refused("a product that the book lacks", "chat-small", "m", 1, bookDay)
	refused("a meter that the product lacks", "chat-large", "tokens", 1, bookDay)
	refused("a time before all prices", "chat-large", "m", 1, 0)
	refused("more than an event may come to", "chat-large", "m", event.MaxQuantity, bookDay)
	sentences.Check(t, "testdata/sentences.txt", said)
}
