package netnew

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"runrate/internal/calendar"
	"runrate/internal/money"
)

// Holding is the value of one account in one line and currency over time: an
// amount for each day that has any, for as long as a row can need it.
type Holding[O any] struct {
	Owner O

	group *group
	days  []day        // ascending
	past  money.Amount // of days no longer kept; 0 where values are those of a window
	// first is the first midnight with a value above zero, never if none has been
	// passed yet. It is state: the amounts that made it may be gone.
	first   calendar.Day
	out     calendar.Day // moves at the midnights (out, closed] are off the totals
	touched bool         // in this batch
}

// day is what the changes of a day add up to.
type day struct {
	day     calendar.Day
	touched uint32 // 1 + the index of its last change in Tracker.changes; 0 if none is of this batch
	amount  money.Amount
}

func compareDay(d day, other calendar.Day) int { return cmp.Compare(d.day, other) }

// Line returns the line that it is of.
func (h *Holding[O]) Line() string { return h.group.key.line }

// Currency returns the currency that it is in.
func (h *Holding[O]) Currency() string { return h.group.key.currency }

// First returns the first midnight with a value above zero; ok is false if there
// was none.
func (h *Holding[O]) First() (midnight calendar.Day, ok bool) { return h.first, h.first != never }

// Days returns the amounts of the days that are kept.
func (h *Holding[O]) Days() iter.Seq2[calendar.Day, money.Amount] { return h.daysThat(false) }

// TouchedDays returns the amounts of the days that this batch touched.
func (h *Holding[O]) TouchedDays() iter.Seq2[calendar.Day, money.Amount] { return h.daysThat(true) }

func (h *Holding[O]) daysThat(touchedOnly bool) iter.Seq2[calendar.Day, money.Amount] {
	return func(yield func(calendar.Day, money.Amount) bool) {
		for _, d := range h.days {
			if (d.touched > 0 || !touchedOnly) && !yield(d.day, d.amount) {
				return
			}
		}
	}
}

// on finds a day, or makes it.
func (h *Holding[O]) on(d calendar.Day) *day {
	i, found := slices.BinarySearchFunc(h.days, d, compareDay)
	if !found {
		h.days = slices.Insert(h.days, i, day{day: d})
	}
	return &h.days[i]
}

// at returns the value at a midnight, from what happened before it, and whether
// there was anything at all: an amount in the window, or a sum that is not zero.
func (h *Holding[O]) at(midnight calendar.Day) (value money.Amount, present bool) {
	i, window := 0, h.group.window
	if window > 0 {
		i, _ = slices.BinarySearchFunc(h.days, midnight-window, compareDay)
	}
	value = h.past
	for ; i < len(h.days) && h.days[i].day < midnight; i++ {
		value = value.Plus(h.days[i].amount)
		present = true
	}
	if window == 0 {
		present = !value.IsZero()
	}
	return value, present
}

// span returns the first and the last midnight at which at may find anything.
func (h *Holding[O]) span() (first, last calendar.Day) {
	if len(h.days) == 0 {
		if h.past.IsZero() {
			return 0, -Span - 1
		}
		return 0, math.MaxInt32 - Span
	}
	if h.past.IsZero() {
		first = h.days[0].day + 1
	}
	last = h.days[len(h.days)-1].day
	if window := h.group.window; window > 0 {
		return first, last + window
	}
	if _, present := h.at(last + 1); present {
		last = math.MaxInt32 - Span
	}
	return first, last
}

// move returns what the holding gives to a midnight.
func (h *Holding[O]) move(midnight calendar.Day) move {
	now, presentNow := h.at(midnight)
	before, presentBefore := h.at(midnight - Span)
	return move{before: before, now: now, everBefore: h.first <= midnight-Span, present: presentNow || presentBefore}
}

// book adds the moves at the midnights from..to to the totals, and finds the
// first one above zero among them: found is true if there was none before.
func (h *Holding[O]) book(from, to calendar.Day) (found bool) {
	first, last := h.span()
	to = min(to, last+Span)
	for midnight := max(from, first); midnight <= to; midnight++ {
		m := h.move(midnight)
		if !m.present {
			continue
		}
		if h.first == never && m.now.Sign() > 0 {
			h.first, found = midnight, true
		}
		h.group.at(midnight).book(m, +1)
	}
	return found
}

// forget takes the days before d together, or drops them where values are those
// of a window.
func (h *Holding[O]) forget(d calendar.Day) {
	n, _ := slices.BinarySearchFunc(h.days, d, compareDay)
	if h.group.window == 0 {
		for _, day := range h.days[:n] {
			h.past = h.past.Plus(day.amount)
		}
	}
	h.days = slices.Delete(h.days, 0, n)
}

// untouch ends the batch.
func (h *Holding[O]) untouch() {
	h.touched = false
	for i := range h.days {
		h.days[i].touched = 0
	}
}
