package consume

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/zap"

	"runrate/consumers/fold"
	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/stream"
)

// TestResume: retention has overtaken a consumer. It is halted; the loss is accepted; it
// goes on by itself, with its state, and by the price book that was in force after the
// gap.
func TestResume(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 2)
	running := w.consume()
	w.history()
	w.settle()
	p := stream.Partition([]byte("acct_1"), 2)
	source := stream.Source{Topic: stream.Usage.Topic(), Partition: p}
	var none *NoGap
	if _, err := Resume(t.Context(), source, "nothing is wrong", w.options(zap.NewNop())); !errors.As(err, &none) {
		t.Errorf("nothing is lost: %v", err)
	}
	running.stop()
	next := w.end(p).End
	w.more("lost")
	w.all(strings.NewReplacer(`"price":"100"`, `"price":"7"`, "2026-11-01T00:00:00Z", "2026-11-02T12:30:00Z").Replace(bookRecord))
	w.all(tickAt("2026-11-03T01:00:00Z"))
	first := w.end(p).End
	w.more("left")
	w.all(tickAt("2026-11-03T02:00:00Z"))
	w.delete(p, first)

	running = w.consume()
	halted := "SELECT toString(countIf(status = 'halted' AND reason = 'log_gap')) FROM DB.freshness"
	within(t, "the partition is halted", func() bool { return w.ask(halted) == "1" })
	other := stream.Source{Topic: stream.Usage.Topic(), Partition: 1 - p}
	within(t, "the other one has folded its log", func() bool {
		return w.ask("SELECT toString(max(next_offset)) FROM DB.accounting WHERE topic = 'runrate.usage' AND partition = "+itoa(stream.Offset(other.Partition))) == itoa(w.end(other.Partition).End)
	})
	if _, err := Resume(t.Context(), other, "not this one", w.options(zap.NewNop())); !errors.As(err, &none) {
		t.Errorf("another partition: %v", err)
	}
	gap, err := Resume(t.Context(), source, "it was an hour short", w.options(zap.NewNop()))
	if err != nil || gap.From != next || gap.To != first {
		t.Fatalf("%+v, %v; want %d to %d", gap, err, next, first)
	}
	w.settle()
	within(t, "nothing is halted", func() bool { return w.ask(halted) == "0" })
	if got := w.revenue(); got != "807" { // by the new book, of which this partition has no copy left
		t.Errorf("revenue is %s", got)
	}
	want := itoa(first-next) + " lost, losses [(" + itoa(stream.Offset(p)) + "," + itoa(next) + "," + itoa(first) + "," + itoa(first-next) + ",'it was an hour short')]"
	if got := w.ask(lost); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, f := range w.failing() {
		t.Error(f)
	}
	if _, err := Resume(t.Context(), source, "again", w.options(zap.NewNop())); !errors.As(err, &none) {
		t.Errorf("once more: %v", err)
	}
}

// TestStandsBefore: only the loss of records that are due, from the log that was folded,
// can be accepted.
func TestStandsBefore(t *testing.T) {
	source := stream.Source{Topic: stream.Usage.Topic(), Partition: 3}
	log := broker.Range{First: 100, End: 200}
	for _, c := range []struct {
		name          string
		next, written stream.Offset
		gaps          []fold.Gap
		want          store.Gap
		err           string
	}{
		{"overtaken", 40, 40, nil, store.Gap{Partition: 3, From: 40, To: 100}, ""},
		{"overtaken, with rows of what was not committed", 40, 60, nil, store.Gap{Partition: 3, From: 40, To: 100}, ""},
		{"overtaken again, before it went on", 40, 40, []fold.Gap{{From: 40, To: 70}}, store.Gap{Partition: 3, From: 70, To: 100}, ""},
		{"overtaken after an older gap", 90, 90, []fold.Gap{{From: 40, To: 70}}, store.Gap{Partition: 3, From: 90, To: 100}, ""},
		{"accepted already", 40, 40, []fold.Gap{{From: 40, To: 100}}, store.Gap{}, "the partition is at 100, and the log holds 100 up to 200"},
		{"nothing is lost", 100, 100, nil, store.Gap{}, "the partition is at 100, and the log holds 100 up to 200"},
		{"all is folded", 200, 200, nil, store.Gap{}, "the partition is at 200, and the log holds"},
		{"another log", 201, 201, nil, store.Gap{}, "the log ends at 200 and the partition is at 201, so it is another log, or has lost its end: refold it with `runrate rebuild usage`"},
		{"ClickHouse lost rows", 40, 39, nil, store.Gap{}, "ClickHouse has lost rows from 39 on: refold it with `runrate rebuild usage`"},
	} {
		got, err := standsBefore(source, c.next, c.written, log, c.gaps)
		var none *NoGap
		if !reflect.DeepEqual(got, c.want) || (err != nil) != (c.err != "") || err != nil && (!errors.As(err, &none) || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %+v, %v; want %+v, %q", c.name, got, err, c.want, c.err)
		}
	}
}
