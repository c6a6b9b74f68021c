package consume

import (
	"context"
	"testing"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/intake"
	"runrate/consumers/store"
	"runrate/consumers/worker"
	"runrate/deploy/local"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/lag"
	"runrate/internal/rows"
	"runrate/internal/stream"
	chschema "runrate/schemas/clickhouse"
	"runrate/schemas/definitions"
	"runrate/test/localtest"
)

// world is a broker of its own with the topics, of one partition each, and a ClickHouse
// with the tables.
type world struct {
	*testing.T
	Options
}

func newWorld(t *testing.T) *world {
	t.Helper()
	b, err := local.StartBroker(t.Context(), local.BrokerConfig{Dir: localtest.Dir(t), MinSessionTimeout: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	})
	c := clientOf(t, b.Addr())
	if err := c.EnsureTopics(t.Context(), 1, 1); err != nil {
		t.Fatal(err)
	}
	tables, err := store.Open(t.Context(), store.Options{Address: localtest.ClickHouse(t).TCPAddr(), Database: localtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tables.Close() })
	if _, err := chschema.Migrate(t.Context(), tables.Conn(), chschema.Options{Database: tables.Database()}); err != nil {
		t.Fatal(err)
	}
	limits := worker.DefaultLimits
	limits.Every = 20 * time.Millisecond
	return &world{t, Options{Client: c, Store: tables, Memory: intake.DefaultMemory, Limits: limits, Logger: zap.NewNop()}}
}

// send appends events to the usage topic, each with the given id.
func (w *world) send(events map[string]event.Event, ids ...string) {
	w.Helper()
	for _, id := range ids {
		e := events[id]
		e.Source, e.ID = "test", id
		message := broker.Message{Key: []byte(e.Account), Value: e.AppendJSON(nil)}
		if _, err := w.Client.Append(w.Context(), stream.Usage.Topic(), 0, []broker.Message{message}); err != nil {
			w.Fatal(err)
		}
	}
}

// expect checks the epoch that is shown, its definition and its progress, and what the
// consumers' group has committed.
func (w *world) expect(when string, epoch uint32, d definitions.ARR, p rows.Progress, committed stream.Offset) {
	w.Helper()
	shown, err := w.Store.Epoch(w.Context(), stream.Usage.Topic())
	if err != nil || shown != epoch {
		w.Errorf("%s: epoch %d is shown, %v; want %d", when, shown, err, epoch)
	}
	if got, err := w.Store.Definition(w.Context(), epoch); err != nil || got != d {
		w.Errorf("%s: the definition is %v, %v; want %v", when, got, err, d)
	}
	progress, err := w.Store.Progress(w.Context(), epoch, stream.Usage.Topic())
	if got := progress[0]; err != nil || got.NextOffset != p.NextOffset || got.Accepted != p.Accepted || got.Duplicate != p.Duplicate {
		w.Errorf("%s: progress is %+v, %v; want %+v", when, got, err, p)
	}
	commits, err := w.Client.Committed(w.Context(), stream.Usage.Group(), stream.Usage.Topic())
	if err != nil || commits[0].Next != committed {
		w.Errorf("%s: committed is %+v, %v; want %d", when, commits[0], err, committed)
	}
}

// TestRebuild: a rebuild folds under the epoch after the last that was ever used,
// with the definition that it is told or else the one in force; Run goes on from there,
// whether it begins after the switch or runs when it comes.
func TestRebuild(t *testing.T) {
	w := newWorld(t)
	rebuilding, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	used := &event.Usage{Product: "chat", Quantities: []event.Quantity{{Meter: "calls", Count: 1}}}
	events := map[string]event.Event{
		"book": {Type: event.PricebookPublished, PriceBook: []byte(book)},
		"a":    {Type: event.UsageRecorded, Account: "acme", Time: day0, Usage: used},
		"b":    {Type: event.UsageRecorded, Account: "acme", Time: day0 + event.Hour, Usage: used},
		"tick": {Type: event.ClockTicked, Time: day0 + event.Day},
	}
	w.send(events, "book", "a", "tick")
	definition := definitions.ARR{WindowDays: 7, Multiplier: 52}
	if err := Rebuild(rebuilding, stream.Usage.Topic(), "first", Change{Definitions: definitions.Wanted{ARR: &definition}}, w.Options); err != nil {
		t.Fatal(err)
	}
	w.expect("rebuilt", 1, definition, rows.Progress{NextOffset: 3, Accepted: 1}, 0) // which nobody has joined yet

	w.send(events, "a", "b")
	running, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Run(running, stream.Usage.Topic(), w.Options) }()
	if err := lag.Settle(rebuilding, w.Client, []stream.Topic{stream.Usage.Topic()}, nil); err != nil {
		t.Error(err)
	}
	w.expect("consumed", 1, definition, rows.Progress{NextOffset: 5, Accepted: 2, Duplicate: 1}, 5)

	// The consumer stays, and goes over.
	if err := Rebuild(rebuilding, stream.Usage.Topic(), "second", Change{}, w.Options); err != nil {
		t.Fatal(err)
	}
	w.expect("rebuilt again", 2, definition, rows.Progress{NextOffset: 5, Accepted: 2, Duplicate: 1}, 5)
	stop()
	if err := <-ended; err != nil {
		t.Errorf("the consumer ended with %v", err)
	}
}
