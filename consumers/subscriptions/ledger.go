package subscriptions

import (
	"cmp"
	"math"
	"slices"

	"runrate/consumers/netnew"
	"runrate/internal/calendar"
	"runrate/internal/money"
)

// ledger is the MRR of one account in one line and currency.
type ledger struct {
	*netnew.Ledger
	account  *account
	line     string
	currency string

	// For the movements: sum is the MRR after the last change.
	sum          money.Amount
	running      money.Amount // during the derivation that stamp is of
	stamp        uint64
	everPositive bool    // before the changes that are kept
	rose         *change // the first kept change after which the sum is above 0

	// For net_new_arr: the MRR by day.
	base money.Amount // of changes on days no longer kept
	days []dayDelta   // ascending by day
}

// dayDelta is how much the changes of a day add up to.
type dayDelta struct {
	day   calendar.Day
	delta money.Amount
}

func compareDay(d dayDelta, day calendar.Day) int { return cmp.Compare(d.day, day) }

// At is the MRR as of a midnight. Zero is nothing: MRR has no row at 0.
func (l *ledger) At(midnight calendar.Day) (sum money.Amount, present bool) {
	sum = l.base
	for _, d := range l.days {
		if d.day >= midnight {
			break
		}
		sum, _ = sum.Add(d.delta)
	}
	return sum, !sum.IsZero()
}

// Span is the midnights at which there can be any MRR.
func (l *ledger) Span() (first, last calendar.Day) {
	first, last = 0, math.MaxInt32-netnew.Span
	if len(l.days) > 0 {
		if l.base.IsZero() {
			first = l.days[0].day + 1
		}
		end := l.days[len(l.days)-1].day
		if sum, _ := l.At(end + 1); sum.IsZero() {
			last = end
		}
	} else if l.base.IsZero() {
		last = -netnew.Span - 1
	}
	return first, last
}

// add books a difference on a day.
func (l *ledger) add(d calendar.Day, delta money.Amount) {
	i, found := slices.BinarySearchFunc(l.days, d, compareDay)
	if !found {
		l.days = slices.Insert(l.days, i, dayDelta{day: d})
	}
	l.days[i].delta, _ = l.days[i].delta.Add(delta)
}

// forgetDays takes the days before d together.
func (l *ledger) forgetDays(d calendar.Day) {
	n, _ := slices.BinarySearchFunc(l.days, d, compareDay)
	for _, day := range l.days[:n] {
		l.base, _ = l.base.Add(day.delta)
	}
	l.days = slices.Delete(l.days, 0, n)
}
