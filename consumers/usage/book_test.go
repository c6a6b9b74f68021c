package usage_test

import (
	"fmt"
	"slices"
	"testing"

	"runrate/consumers/fold"
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
)

// books folds price books and usage, which is accepted if the book in force has
// its product.
type books struct {
	t         *testing.T
	partition *fold.Partition
	next      stream.Offset
	progress  rows.Progress
	snapshot  []*snapshot.Record
}

func newBooks(t *testing.T) *books { return &books{t: t, partition: newPartition()} }

const bookDay = event.Time(1_780_315_200) * event.Second // 2026-06-01T12:00:00Z

// step folds and flushes one event, and returns what is said of it if it is
// refused.
func (b *books) step(e event.Event) (refused []rows.DeadLetter) {
	b.t.Helper()
	e.Source, e.ID = "s", fmt.Sprint(b.next)
	if err := b.partition.Judge([]stream.Record{{Offset: b.next, Key: []byte(e.Account), Value: e.AppendJSON(nil)}}).Fold(nil); err != nil {
		b.t.Fatal(err)
	}
	b.next++
	f := flush(b.t, b.partition)
	b.progress, refused = f.Changes().Progress, slices.Collect(f.Changes().DeadLetters)
	b.snapshot = slices.Collect(f.Snapshot(false))
	f.Done()
	return refused
}

// publish publishes a book whose only product has its name.
func (b *books) publish(name string, at event.Time) {
	b.t.Helper()
	for _, refused := range b.step(event.Event{Type: event.PricebookPublished, Time: at, PriceBook: fmt.Appendf(nil,
		`{"version":%q,"currency":"USD","products":[{"product":%q,"line":"api","meters":{"m":[{"effective_from":"2020-01-01T00:00:00Z","unit":1,"price":"1"}]}}]}`, name, name)}) {
		b.t.Fatalf("book %q: %s", name, refused.Detail)
	}
}

// inForce checks which book is, by a usage of its product.
func (b *books) inForce(name string) {
	b.t.Helper()
	for _, refused := range b.step(event.Event{Type: event.UsageRecorded, Account: "a", Time: bookDay, Usage: &event.Usage{Product: name, Quantities: []event.Quantity{{Meter: "m", Count: 1}}}}) {
		b.t.Errorf("book %q is not in force: %s", name, refused.Detail)
	}
}

// restart goes on from a snapshot; change may change its parts.
func (b *books) restart(change func(*snapshot.UsageState)) {
	b.t.Helper()
	again := fold.Restore(config())
	for _, part := range b.snapshot {
		change(part.GetUsage())
		if err := again.Apply(part); err != nil {
			b.t.Fatal(err)
		}
	}
	recalling, err := again.Recall()
	if err != nil {
		b.t.Fatal(err)
	}
	b.partition = recalling.Done()
}

// TestLatePriceBook: a book whose event is older than that of the book in force
// changes nothing, be it delivered late or sent again; it counts as control.
func TestLatePriceBook(t *testing.T) {
	b := newBooks(t)
	b.publish("first", bookDay)
	b.publish("late", bookDay-1)
	b.inForce("first")
	b.publish("second", bookDay+event.Hour)
	b.publish("first", bookDay)
	b.inForce("second")
	b.publish("third", bookDay+event.Hour) // at the same time: the later in the log
	b.inForce("third")
	if p := b.progress; p.Control != 5 || p.Refused != 0 {
		t.Errorf("%+v", p)
	}
}

// TestLatePriceBookAfterRestart: the time of the book in force is part of the
// state; in a snapshot that is older than this rule the book is older than any.
func TestLatePriceBookAfterRestart(t *testing.T) {
	b := newBooks(t)
	b.publish("first", bookDay)
	b.restart(func(*snapshot.UsageState) {})
	b.publish("late", bookDay-1)
	b.inForce("first")
	b.restart(func(s *snapshot.UsageState) { s.PriceBookTime = 0 })
	b.publish("any", bookDay-30*event.Day)
	b.inForce("any")
}
