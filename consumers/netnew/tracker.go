// Package netnew keeps the movements of annual recurring revenue over 30 days:
// for every midnight T, line and currency, what each account's value did
// between T-30d and T. The usage and the subscription fold share it; a Measure
// says what the value of an account at a midnight is.
//
// A Holding is the value of an account in a line and currency over time. A
// Tracker has all holdings and, of the midnights that a late event can still
// amend, the totals. Change is the only way to an amount: where it comes late it
// takes the holding's old moves off the totals first. Close books the new ones,
// so that the cost of a late change is the midnights it changes, however many
// events the batch holds, and is the only way to the rows. The package is pure.
package netnew

import (
	"math"

	"runrate/consumers/intake"
	"runrate/internal/calendar"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

// Span is the distance that net_new_arr looks back (DEFINITIONS A5).
const Span calendar.Day = definitions.NetNewDays

// Measure says what a holding is worth.
type Measure struct {
	// Window is how many days before a midnight its value adds up; 0 stands for
	// all of them.
	Window calendar.Day
	// Factor makes a value annual recurring revenue.
	Factor int64
}

// Kept is how many days before the last midnight passed an amount can still
// matter: as of 30 days before the oldest midnight that can be amended.
func (m Measure) Kept() calendar.Day { return calendar.Amendable + Span + max(m.Window, 1) }

// Tracker is the holdings of a fold and their totals. O is what the fold knows a
// holding's owner by. One goroutine owns it.
type Tracker[O any] struct {
	measure  Measure
	closed   calendar.Day // the last midnight booked and flushed
	holdings []*Holding[O]
	groups   []*group
	byKey    map[key]*group
	ended    *Closed[O] // not done yet

	// Of this batch.
	touched []*Holding[O]
	late    []*Holding[O]   // with out < closed
	changes []stream.Offset // of each Change
}

// NewTracker returns a tracker without holdings, before the first midnight.
func NewTracker[O any](m Measure) *Tracker[O] {
	return &Tracker[O]{measure: m, byKey: map[key]*group{}}
}

// Hold makes the holding of an owner in a line and currency, which is worth
// nothing so far.
func (t *Tracker[O]) Hold(line, currency string, owner O) *Holding[O] {
	k := key{line, currency}
	g := t.byKey[k]
	if g == nil {
		g = &group{key: k, window: t.measure.Window, touched: map[calendar.Day]stream.Offset{}}
		t.byKey[k] = g
		t.groups = append(t.groups, g)
	}
	h := &Holding[O]{Owner: owner, group: g, first: never, out: booked}
	t.holdings = append(t.holdings, h)
	return h
}

// Change adds delta to a holding on day d: to its value at every midnight after
// it. The record at offset is the cause.
func (t *Tracker[O]) Change(h *Holding[O], d calendar.Day, offset stream.Offset, delta money.Amount) {
	if t.ended != nil {
		panic("netnew: a change before the closed batch is done")
	}
	t.unbook(h, d)
	h.group.touch(d, offset)
	if !h.touched {
		h.touched = true
		t.touched = append(t.touched, h)
	}
	t.changes = append(t.changes, offset)
	day := h.on(d)
	day.touched = uint32(len(t.changes))
	day.amount = day.amount.Plus(delta)
}

// unbook takes the moves of the midnights after d off the totals.
func (t *Tracker[O]) unbook(h *Holding[O], d calendar.Day) {
	if d >= t.closed {
		return
	}
	if h.out >= t.closed {
		h.out = t.closed
		t.late = append(t.late, h)
	}
	for ; h.out > d; h.out-- {
		h.group.at(h.out).book(h.move(h.out), -1)
	}
}

// Close ends the batch: it books every move up to the midnight closed, the last
// that the clock has passed, by the ticks of passes. The error is a row whose sums
// have overflowed.
func (t *Tracker[O]) Close(closed calendar.Day, passes intake.Passes) (*Closed[O], error) {
	c := &Closed[O]{tracker: t, closed: max(closed, t.closed), passes: passes}
	for _, h := range t.late {
		lost := h.first > h.out && h.first != never
		if lost {
			h.first = never
		}
		c.book(h, h.out+1, t.closed, lost)
		h.out = booked
	}
	if c.closed > t.closed {
		for _, h := range t.holdings {
			c.book(h, t.closed+1, c.closed, false)
		}
	}
	t.ended = c
	return c, c.check()
}

// forget lets go of what no row can need any more. Of the holdings' days there is
// only such after another midnight.
func (t *Tracker[O]) forget(passed bool) {
	if passed {
		for _, h := range t.holdings {
			h.forget(max(t.closed-t.measure.Kept(), 0))
		}
	}
	for _, g := range t.groups {
		if drop := min(int(t.closed-calendar.Amendable-g.base), len(g.totals)); drop > 0 {
			g.totals = append([]totals(nil), g.totals[drop:]...)
			g.base += calendar.Day(drop)
		}
	}
}

type key struct{ line, currency string }

// group is one line and currency.
type group struct {
	key      key
	window   calendar.Day // of the measure
	base     calendar.Day // midnight of totals[0]
	totals   []totals
	touched  map[calendar.Day]stream.Offset // days touched in this batch, by their last record
	earliest calendar.Day                   // of touched
}

func (g *group) touch(d calendar.Day, offset stream.Offset) {
	if len(g.touched) == 0 || d < g.earliest {
		g.earliest = d
	}
	g.touched[d] = offset
}

// at returns the totals of a midnight, made if need be.
func (g *group) at(midnight calendar.Day) *totals {
	if len(g.totals) == 0 {
		g.base = midnight
	}
	for midnight < g.base {
		g.totals = append(make([]totals, g.base-midnight), g.totals...)
		g.base = midnight
	}
	for int(midnight-g.base) >= len(g.totals) {
		g.totals = append(g.totals, totals{})
	}
	return &g.totals[midnight-g.base]
}

// peek returns the totals of a midnight, empty where there are none.
func (g *group) peek(midnight calendar.Day) totals {
	if i := int(midnight - g.base); i >= 0 && i < len(g.totals) {
		return g.totals[i]
	}
	return totals{}
}

func (g *group) row(midnight calendar.Day, t totals, factor int64, version stream.Offset) rows.NetNew {
	annual := func(a money.Amount) money.Amount { return a.Times(factor) }
	return rows.NetNew{
		AsOf: midnight.Start(), Line: g.key.line, Currency: g.key.currency,
		Opening: annual(t.opening), New: annual(t.new), Expansion: annual(t.expansion),
		Reactivation: annual(t.reactivation), Contraction: annual(t.contraction),
		Churn: annual(t.churn), Closing: annual(t.closing), Accounts: t.parts, Version: version,
	}
}

// never is the first midnight of a holding that was never above zero, and booked
// is Holding.out where no move is off the totals.
const never, booked calendar.Day = math.MaxInt32, math.MaxInt32
