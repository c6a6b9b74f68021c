package consume

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/stream"
)

// delete is what retention does: the records of a usage partition before an offset
// are gone.
func (w *pipeline) delete(partition int32, before stream.Offset) {
	w.t.Helper()
	if err := w.cluster.DeleteRecords(stream.Usage.Topic().String(), partition, int64(before)); err != nil {
		w.t.Fatal(err)
	}
}

// end is the end of a usage partition's log.
func (w *pipeline) end(partition int32) broker.Range {
	w.t.Helper()
	r, err := w.client().Range(w.t.Context(), stream.Source{Topic: stream.Usage.Topic(), Partition: partition})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func itoa(n stream.Offset) string { return strconv.FormatInt(int64(n), 10) }

const lost = "SELECT concat(toString(sum(lost)), ' lost, losses ', toString((SELECT groupArray((partition, from_offset, to_offset, records, reason)) FROM (SELECT * FROM DB.losses ORDER BY partition, from_offset)))) FROM DB.accounting"

// TestRebuildAfterRetention: retention has deleted the price book and the first tick
// (finding 17). A rebuild says what would be missing; told to do without, it counts all
// that is left, at its price, and shows what is not.
func TestRebuildAfterRetention(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 1)
	w.consume()
	w.history() // the book, a tick, 8 events, a tick
	w.settle()
	w.delete(0, 4) // the book, the tick, 2 events
	var loss *Loss
	err := Rebuild(t.Context(), stream.Usage.Topic(), "retention", Change{}, w.options(zap.NewNop()))
	if !errors.As(err, &loss) || !strings.Contains(err.Error(), "the log begins at 4, and the 4 records from 0 on") || !strings.Contains(err.Error(), "--accept-loss") {
		t.Fatalf("without a word: %v", err)
	}
	for i, reason := range []string{"retention was short", "again"} { // what was accepted once stays so
		if err := Rebuild(t.Context(), stream.Usage.Topic(), reason, Change{AcceptLoss: i == 0}, w.options(zap.NewNop())); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if got := w.revenue() + ", " + w.ask("SELECT toString(sum(refused)) FROM DB.accounting") + " refused"; got != "600, 0 refused" {
			t.Errorf("%s: revenue %s", reason, got)
		}
		if got := w.ask(lost); got != "4 lost, losses [(0,0,4,4,'retention was short')]" {
			t.Errorf("%s: %s", reason, got)
		}
		for _, f := range w.failing() {
			t.Errorf("%s: %s", reason, f)
		}
	}
	w.more("later")
	w.settle()
	w.delete(0, 6)
	if err := Rebuild(t.Context(), stream.Usage.Topic(), "more", Change{AcceptLoss: true}, w.options(zap.NewNop())); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if got := w.revenue() + ", " + w.ask(lost); got != "500, 6 lost, losses [(0,0,6,6,'more')]" {
		t.Errorf("more: revenue %s", got)
	}
	for _, f := range w.failing() {
		t.Errorf("more: %s", f)
	}
}
