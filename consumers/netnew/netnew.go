// Package netnew keeps the movements of annual recurring revenue over 30 days:
// for every midnight T, line and currency, what each account's value did
// between T-30d and T. The usage and the subscription fold share it; each
// brings its own value of an account at a midnight.
//
// A Tracker holds the totals of the midnights that a late event can still
// amend, and a Ledger per account, line and currency. A late change takes the
// ledger's old moves off the totals before it happens (Touch) and books the
// new ones when the batch is settled, so that its cost is the midnights it
// changes, however many events the batch holds. The package is pure.
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

// Never is the First of a ledger that was never above zero.
const Never calendar.Day = math.MaxInt32

// Values are the worth of one account, line and currency.
type Values interface {
	// At is the value at a midnight, from what happened before it, and whether
	// there was anything at all.
	At(midnight calendar.Day) (value money.Amount, present bool)
	// Span is the first and the last midnight at which At may find anything.
	Span() (first, last calendar.Day)
}

// Ledger is the worth of one account in one line and currency over time.
type Ledger struct {
	Values Values
	// First is the first midnight with a value above zero, Never if none has
	// been passed yet. It is state: the values that made it may be gone.
	First calendar.Day

	group *group
	out   calendar.Day // moves at the midnights (out, closed] are off the totals
}

type key struct{ line, currency string }

// group is one line and currency.
type group struct {
	key      key
	base     calendar.Day // midnight of totals[0]
	totals   []totals
	touched  map[calendar.Day]stream.Offset // days changed in this batch, by their last record
	earliest calendar.Day                   // of touched
}

// Tracker holds all ledgers of a fold and their totals.
type Tracker struct {
	factor  int64        // value -> annual recurring revenue
	closed  calendar.Day // the last midnight booked and flushed
	booked  calendar.Day // the last midnight booked: closed, or further once settled
	ledgers []*Ledger
	late    []*Ledger // with out < closed
	fresh   []*Ledger // whose First this batch found or lost
	groups  []*group
	byKey   map[key]*group
}

// NewTracker is an empty tracker; a value times factor is its annual recurring
// revenue.
func NewTracker(factor int64) *Tracker {
	return &Tracker{factor: factor, byKey: map[key]*group{}}
}

// Add makes the ledger of an account in a line and currency, with nothing
// booked yet.
func (t *Tracker) Add(line, currency string, values Values) *Ledger {
	k := key{line, currency}
	g := t.byKey[k]
	if g == nil {
		g = &group{key: k, touched: map[calendar.Day]stream.Offset{}}
		t.byKey[k] = g
		t.groups = append(t.groups, g)
	}
	l := &Ledger{Values: values, First: Never, group: g, out: math.MaxInt32}
	t.ledgers = append(t.ledgers, l)
	return l
}

// Touch is told before the record at offset changes the ledger's values at
// every midnight after d.
func (t *Tracker) Touch(l *Ledger, d calendar.Day, offset stream.Offset) {
	g := l.group
	if len(g.touched) == 0 || d < g.earliest {
		g.earliest = d
	}
	g.touched[d] = offset
	if d >= t.closed {
		return
	}
	if l.out >= t.closed {
		l.out = t.closed
		t.late = append(t.late, l)
	}
	for ; l.out > d; l.out-- {
		g.at(l.out).book(l.move(l.out), -1)
	}
}

// move is what the ledger gives to a midnight.
func (l *Ledger) move(midnight calendar.Day) move {
	now, presentNow := l.Values.At(midnight)
	before, presentBefore := l.Values.At(midnight - Span)
	return move{before: before, now: now, everBefore: l.First <= midnight-Span, present: presentNow || presentBefore}
}

// Settle books every move up to the midnight closed, the last that the clock
// has passed. It may be called again without effect; no Touch may follow before
// Done.
func (t *Tracker) Settle(closed calendar.Day) {
	for _, l := range t.late {
		if l.First > l.out && l.First != Never {
			l.First = Never
			t.fresh = append(t.fresh, l)
		}
		t.book(l, l.out+1, t.closed)
		l.out = math.MaxInt32
	}
	t.late = t.late[:0]
	if closed > t.booked {
		for _, l := range t.ledgers {
			t.book(l, t.booked+1, closed)
		}
		t.booked = closed
	}
}

// book adds the ledger's moves at the midnights from..to and finds its First
// among them.
func (t *Tracker) book(l *Ledger, from, to calendar.Day) {
	first, last := l.Values.Span()
	to = min(to, last+Span)
	for midnight := max(from, first); midnight <= to; midnight++ {
		m := l.move(midnight)
		if !m.present {
			continue
		}
		if l.First == Never && m.now.Sign() > 0 {
			l.First = midnight
			t.fresh = append(t.fresh, l)
		}
		l.group.at(midnight).book(m, +1)
	}
}

// at is the totals of a midnight, made if need be.
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

// Changed yields the rows that the batch changed, after Settle: all midnights
// passed in it, and earlier ones after a day that it changed. A row's version is
// the last record that influenced it: the tick that passed its midnight, or a
// later change on a day before it.
func (t *Tracker) Changed(passes intake.Passes, yield func(rows.NetNew) bool) bool {
	for _, g := range t.groups {
		from, anything := t.closed+1, calendar.Day(math.MaxInt32)
		if len(g.totals) > 0 {
			anything = g.base
		}
		if len(g.touched) > 0 {
			from, anything = min(from, g.earliest+1), min(anything, g.earliest+1)
		}
		from = max(from, anything)
		late := stream.Offset(-1)
		for midnight := from; midnight <= t.booked; midnight++ {
			if o, ok := g.touched[midnight-1]; ok {
				late = max(late, o)
			}
			passed := stream.Offset(-1)
			if midnight > t.closed {
				passed = passes.Of(midnight.Start())
			}
			totals := g.peek(midnight)
			// One that a late change emptied must be written, to hide it.
			if totals.parts == 0 && late <= passed {
				continue
			}
			if !yield(g.row(midnight, totals, t.factor, max(late, passed))) {
				return false
			}
		}
	}
	return true
}

// peek is the totals of a midnight, empty where there are none.
func (g *group) peek(midnight calendar.Day) totals {
	if i := int(midnight - g.base); i >= 0 && i < len(g.totals) {
		return g.totals[i]
	}
	return totals{}
}

func (g *group) row(midnight calendar.Day, t totals, factor int64, version stream.Offset) rows.NetNew {
	annual := func(a money.Amount) money.Amount {
		product, _ := a.MulInt(factor) // the folds bound what they let in
		return product
	}
	return rows.NetNew{
		AsOf: midnight.Start(), Line: g.key.line, Currency: g.key.currency,
		Opening: annual(t.opening), New: annual(t.new), Expansion: annual(t.expansion),
		Reactivation: annual(t.reactivation), Contraction: annual(t.contraction),
		Churn: annual(t.churn), Closing: annual(t.closing), Accounts: t.parts, Version: version,
	}
}

// Fresh is the ledgers whose First changed since the last Done, after Settle.
func (t *Tracker) Fresh() []*Ledger { return t.fresh }

// Done ends the batch: its rows are written and its offset committed.
func (t *Tracker) Done() {
	t.closed = t.booked
	t.fresh = t.fresh[:0]
	for _, g := range t.groups {
		clear(g.touched)
		if drop := min(int(t.closed-calendar.Amendable-g.base), len(g.totals)); drop > 0 {
			g.totals = append([]totals(nil), g.totals[drop:]...)
			g.base += calendar.Day(drop)
		}
	}
}

// Restore books the totals of the midnights that can still be amended, for
// ledgers added with their First as of closed, the last midnight flushed.
func (t *Tracker) Restore(closed calendar.Day) {
	t.closed, t.booked = closed, closed
	for _, l := range t.ledgers {
		t.book(l, max(closed-calendar.Amendable, 0), closed)
	}
	t.fresh = t.fresh[:0]
	for _, g := range t.groups {
		clear(g.touched)
	}
}
