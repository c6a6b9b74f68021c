// Package late keeps what late events add to the days that they are of, by the day of the
// clock on which they were folded: what turns the ARR of a midnight as it is known now
// into the one that was known before (DEFINITIONS A16). The usage and the subscription
// fold share it; what an amount is, is the fold's.
//
// An event is late if the clock has passed the end of its day. A sum is of one line,
// currency, day of the event and day of the clock, and is final when the clock comes to
// another day. So the state is the sums of the clock's day alone, and the cost of an event
// that is not late is a comparison. The package is pure.
package late

import (
	"runrate/consumers/state"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
)

// Ledger is the late amounts of a fold. One goroutine owns it. The zero Ledger is before
// the first tick.
type Ledger struct {
	today calendar.Day // of the clock
	sums  []*sum       // of today, in the order they came
	byKey map[key]*sum

	touched []*sum // in this batch, of any day
}

type key struct {
	line, currency string
	day            calendar.Day // of the events
}

type sum struct {
	key
	folded calendar.Day // of the clock
	amount money.Amount
	last   stream.Offset // of the records that touched it in this batch, -1 if none did
}

// Clock says what the clock is for what is added next: 0 before the first tick.
func (l *Ledger) Clock(now event.Time) {
	if d := calendar.DayOf(now); d != l.today {
		l.turn(d)
	}
}

func (l *Ledger) turn(to calendar.Day) {
	l.today, l.sums = to, nil
	clear(l.byKey)
}

// Add takes an amount of a day, of the record at offset, into account if it is late.
func (l *Ledger) Add(line, currency string, day calendar.Day, offset stream.Offset, amount money.Amount) {
	if day >= l.today || amount.IsZero() {
		return
	}
	s := l.sum(line, currency, day)
	if s.last < 0 {
		l.touched = append(l.touched, s)
	}
	s.amount, s.last = s.amount.Plus(amount), offset
}

// sum finds a sum of today, or makes it.
func (l *Ledger) sum(line, currency string, day calendar.Day) *sum {
	k := key{line, currency, day}
	s := l.byKey[k]
	if s == nil {
		s = &sum{key: k, folded: l.today, last: -1}
		if l.byKey == nil {
			l.byKey = map[key]*sum{}
		}
		l.byKey[k] = s
		l.sums = append(l.sums, s)
	}
	return s
}

// Check looks for sums of the batch that have overflowed.
func (l *Ledger) Check() error {
	for _, s := range l.touched {
		if !s.amount.InRange() {
			return state.TooMuch("the late amounts of line \""+s.line+"\" in "+s.currency, state.AmountBound)
		}
	}
	return nil
}

// Rows yields the rows that the batch changed.
func (l *Ledger) Rows(yield func(rows.Late) bool) {
	for _, s := range l.touched {
		if !yield(rows.Late{
			Line: s.line, Currency: s.currency, Day: s.day.Start(), Folded: s.folded.Start(), Amount: s.amount, Version: s.last,
		}) {
			return
		}
	}
}

// Done ends the batch.
func (l *Ledger) Done() {
	for _, s := range l.touched {
		s.last = -1
	}
	l.touched = l.touched[:0]
}

// SumBytes is about how many bytes a sum encodes to.
const SumBytes = 50

// Encode is the state, or with delta what the batch touched of it.
func (l *Ledger) Encode(delta bool) []*snapshot.LateSum {
	of := l.sums
	if delta {
		of = l.touched
	}
	var out []*snapshot.LateSum
	for _, s := range of {
		if s.folded == l.today {
			out = append(out, &snapshot.LateSum{
				Line: s.line, Currency: s.currency, Day: int32(s.day), Folded: int32(s.folded), Amount: state.Encode(s.amount),
			})
		}
	}
	return out
}

// Restore takes sums of a snapshot, in the order in which they were written.
func (l *Ledger) Restore(in []*snapshot.LateSum) {
	for _, s := range in {
		if d := calendar.Day(s.Folded); d != l.today {
			l.turn(d)
		}
		l.sum(s.Line, s.Currency, calendar.Day(s.Day)).amount = state.Decode(s.Amount)
	}
}
