package usage_test

import (
	"fmt"
	"iter"
	"testing"

	"runrate/consumers/fold"
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// hourly is a partition in which acme has used chat in every hour from day0 up to the
// clock, flushed, so that no row is left out for being empty.
type hourly struct {
	*testing.T
	partition *fold.Partition
	next      stream.Offset
	clock     event.Time
}

func newHourly(t *testing.T, hours event.Time) *hourly {
	t.Helper()
	h := &hourly{T: t, partition: newPartition(), clock: day0 + hours*event.Hour}
	h.step(event.Event{Type: event.PricebookPublished, Time: day0, PriceBook: []byte(book)})
	for at := day0; at < h.clock; at += event.Hour {
		h.use(at)
	}
	h.step(event.Event{Type: event.ClockTicked, Time: h.clock})
	flush(t, h.partition).Done()
	return h
}

func (h *hourly) step(e event.Event) {
	h.Helper()
	e.Source, e.ID = "test", fmt.Sprint(h.next)
	record := stream.Record{Offset: h.next, Key: []byte(e.Account), Value: e.AppendJSON(nil)}
	if err := h.partition.Judge([]stream.Record{record}).Fold(nil); err != nil {
		h.Fatal(err)
	}
	h.next++
}

func (h *hourly) use(at event.Time) {
	h.Helper()
	h.step(event.Event{Type: event.UsageRecorded, Account: "acme", Time: at,
		Usage: &event.Usage{Product: "chat", Quantities: []event.Quantity{{Meter: "in", Count: 1}}}})
}

// span is how many rows of a window are written, and of which boundaries.
type span struct {
	first, last event.Time
	rows        int
}

// spans are those of each window; every row must have the version.
func (h *hourly) spans(rolling iter.Seq[rows.RollingRevenue], version stream.Offset) map[string]span {
	h.Helper()
	got := map[string]span{}
	for r := range rolling {
		if r.Version != version {
			h.Fatalf("%s as of %s has version %d, want %d", r.Window, r.AsOf, r.Version, version)
		}
		s := got[r.Window]
		if s.rows == 0 {
			s.first = r.AsOf
		}
		got[r.Window] = span{s.first, r.AsOf, s.rows + 1}
	}
	return got
}

// TestRowsOfALateEvent: an event that is late by a month writes the rows that it
// influenced, each under its own offset, and no other (DEFINITIONS L2, W7).
func TestRowsOfALateEvent(t *testing.T) {
	h := newHourly(t, 40*24)
	hour := day0 + 10*event.Day
	late := h.next
	h.use(hour + event.Hour/2)
	batch := flush(t, h.partition)
	changes := batch.Changes()
	got := h.spans(changes.Rolling, late)
	for window, length := range map[string]event.Time{"1h": 1, "24h": 24, "7d": 7 * 24, "28d": 28 * 24, "30d": 30 * 24, "90d": 90 * 24, "365d": 365 * 24} {
		last := min(hour+length*event.Hour, h.clock)
		if want := (span{hour + event.Hour, last, int((last - hour) / event.Hour)}); got[window] != want {
			t.Errorf("%s: %d rows from %s to %s, want %d from %s to %s", window,
				got[window].rows, got[window].first, got[window].last, want.rows, want.first, want.last)
		}
	}
	for r := range changes.ActiveAccounts {
		t.Errorf("acme was active on that day, but %+v is written", r)
	}
	midnights := 0
	for r := range changes.NetNew {
		midnights++
		if r.AsOf <= hour || r.Version != late {
			t.Errorf("net new as of %s, version %d, is written", r.AsOf, r.Version)
		}
	}
	if midnights != 30 {
		t.Errorf("%d rows of net new, want one for each midnight from the late event to the clock: 30", midnights)
	}
	batch.Done()
	for range flush(t, h.partition).Changes().Rolling {
		t.Fatal("rows are written of a batch without records")
	}
}
