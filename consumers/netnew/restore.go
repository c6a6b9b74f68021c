package netnew

import (
	"runrate/internal/calendar"
	"runrate/internal/money"
)

// Restoring is a tracker that is put together again from a snapshot.
type Restoring[O any] struct{ tracker *Tracker[O] }

// Restore returns a tracker to put together, without holdings so far.
func Restore[O any](m Measure) *Restoring[O] { return &Restoring[O]{NewTracker[O](m)} }

// Hold is Tracker.Hold.
func (r *Restoring[O]) Hold(line, currency string, owner O) *Holding[O] {
	return r.tracker.Hold(line, currency, owner)
}

// Set replaces the amount of a day.
func (r *Restoring[O]) Set(h *Holding[O], d calendar.Day, amount money.Amount) {
	h.on(d).amount = amount
}

// Add adds to the amount of a day.
func (r *Restoring[O]) Add(h *Holding[O], d calendar.Day, delta money.Amount) {
	day := h.on(d)
	day.amount = day.amount.Plus(delta)
}

// AddPast adds to the amount of the days that are no longer kept.
func (r *Restoring[O]) AddPast(h *Holding[O], delta money.Amount) {
	h.past = h.past.Plus(delta)
}

// SetFirst replaces the first midnight with a value above zero; ok is false if
// there was none.
func (r *Restoring[O]) SetFirst(h *Holding[O], midnight calendar.Day, ok bool) {
	if h.first = never; ok {
		h.first = midnight
	}
}

// Ready returns the tracker as of closed, the last midnight that was flushed. It
// books the totals of the midnights that can still be amended. The Restoring is
// used up.
func (r *Restoring[O]) Ready(closed calendar.Day) *Tracker[O] {
	t := r.tracker
	r.tracker = nil
	t.closed = closed
	t.forget(true)
	for _, h := range t.holdings {
		h.book(max(closed-calendar.Amendable, 0), closed)
	}
	return t
}
