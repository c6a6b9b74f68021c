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
		passed := stream.Offset(-1)
		if midnight > was {
			passed = c.passes.Of(midnight.Start())
		}
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
	t.touched, t.late = t.touched[:0], t.late[:0]
	t.forget(passed)
}

// current returns the tracker, whose batch this must still be.
func (c *Closed[O]) current() *Tracker[O] {
	if c.tracker.ended != c {
		panic("netnew: a batch that is done already")
	}
	return c.tracker
}
