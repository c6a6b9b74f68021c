package netnew

import (
	"fmt"
	"math"

	"runrate/consumers/intake"
	"runrate/consumers/state"
	"runrate/internal/calendar"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// Closed is a batch that has ended: its moves are booked. The tracker takes no
// change until it is done.
type Closed[O any] struct {
	tracker  *Tracker[O]
	closed   calendar.Day // the last midnight booked
	passes   intake.Passes
	restated []*Holding[O]
}

// Touched returns the holdings that the batch touched.
func (c *Closed[O]) Touched() []*Holding[O] { return c.current().touched }

// Restated returns the holdings whose First the batch found or lost, which may be
// among those touched, too.
func (c *Closed[O]) Restated() []*Holding[O] {
	c.current()
	return c.restated
}

// Rows yields the rows that the batch changed: all midnights passed in it, and
// earlier ones after a day that it touched. A row's version is the last record
// that influenced it: the tick that passed its midnight, or a later change on a
// day before it.
func (c *Closed[O]) Rows(yield func(rows.NetNew) bool) {
	for _, g := range c.current().groups {
		if !c.rowsOf(g, yield) {
			return
		}
	}
}

func (c *Closed[O]) rowsOf(g *group, yield func(rows.NetNew) bool) bool {
	was := c.tracker.closed
	from, anything := was+1, calendar.Day(math.MaxInt32)
	if len(g.totals) > 0 {
		anything = g.base
	}
	if len(g.touched) > 0 {
		from, anything = min(from, g.earliest+1), min(anything, g.earliest+1)
	}
	late := stream.Offset(-1)
	for midnight := max(from, anything); midnight <= c.closed; midnight++ {
		if o, ok := g.touched[midnight-1]; ok {
			late = max(late, o)
		}
		passed := c.passed(midnight)
		totals := g.peek(midnight)
		// One that a late change emptied must be written, to hide it.
		if totals.parts == 0 && late <= passed {
			continue
		}
		if !yield(g.row(midnight, totals, c.tracker.measure.Factor, max(late, passed))) {
			return false
		}
	}
	return true
}

// book books moves of a holding. If its First is found, or was lost before, it is
// restated.
func (c *Closed[O]) book(h *Holding[O], from, to calendar.Day, lost bool) {
	if found := h.book(from, to); found || lost {
		c.restated = append(c.restated, h)
	}
}

// Firsts yields the First of each holding whose First the batch may have changed, without
// the account: what a batch cut elsewhere has written must be written over.
func (c *Closed[O]) Firsts(yield func(*Holding[O], rows.First) bool) {
	for _, h := range c.current().touched {
		if row := c.firstOf(h); row.Version >= 0 && !yield(h, row) {
			return
		}
	}
	for _, h := range c.restated {
		if !h.touched && !yield(h, c.firstOf(h)) {
			return
		}
	}
}

// firstOf is the First of a holding as of the end of the batch. Its version is the last
// record of the batch that influenced it, below 0 if none did: the tick that passed the
// midnight, or a change of a day before it, or before now if there is none, that was passed.
func (c *Closed[O]) firstOf(h *Holding[O]) rows.First {
	t := c.current()
	row := rows.First{Line: h.Line(), Currency: h.Currency(), Version: -1}
	before := c.closed
	if first, ok := h.First(); ok {
		before, row.Midnight = first, first.Start()
		row.Version = c.passed(first)
	}
	for _, d := range h.days {
		if d.touched == 0 || d.day >= before {
			continue
		}
		if change := t.changes[d.touched-1]; change > c.passed(d.day+1) {
			row.Version = max(row.Version, change)
		}
	}
	return row
}

// passed is the offset of the tick of this batch that passed a midnight, -1 if it had been
// passed before.
func (c *Closed[O]) passed(midnight calendar.Day) stream.Offset {
	if midnight <= c.tracker.closed {
		return -1
	}
	return c.passes.Of(midnight.Start())
}

// check looks for rows whose sums have overflowed.
func (c *Closed[O]) check() error {
	for r := range c.Rows {
		if !r.InRange() {
			return state.TooMuch(fmt.Sprintf("net_new_arr of line %q in %s as of %s", r.Line, r.Currency, r.AsOf), state.AmountBound)
		}
	}
	return nil
}

// Done lets the tracker go on with the next batch: the rows of this one are
// written and its offset is committed.
func (c *Closed[O]) Done() {
	t := c.current()
	for _, h := range t.touched {
		h.untouch()
	}
	for _, g := range t.groups {
		clear(g.touched)
	}
	passed := c.closed > t.closed
	t.closed, t.ended = c.closed, nil
	t.touched, t.late, t.changes = t.touched[:0], t.late[:0], t.changes[:0]
	t.forget(passed)
}

// current returns the tracker, whose batch this must still be.
func (c *Closed[O]) current() *Tracker[O] {
	if c.tracker.ended != c {
		panic("netnew: a batch that is done already")
	}
	return c.tracker
}
