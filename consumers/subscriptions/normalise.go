package subscriptions

import (
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/schemas/definitions"
)

// perMonth is how much of a month's revenue a billing interval's amount is, as
// a fraction: a year has 365 days and 12 months (DEFINITIONS S2).
var perMonth = map[event.Interval]struct{ num, den int64 }{
	event.EveryDay:   {365, 12},
	event.EveryWeek:  {365, 84},
	event.EveryMonth: {1, 1},
	event.EveryYear:  {1, 12},
}

// counting says of each status whether it counts.
type counting [event.Canceled + 1]bool

func countingOf(statuses definitions.Statuses) (n counting) {
	for s := range n {
		n[s] = statuses.Has(event.Status(s).String())
	}
	return n
}

// mrr is the monthly recurring revenue of a state: quantity x unit_amount less
// discount, over interval_count intervals, to a month; rounded once, half to
// even, at the 12th decimal (DEFINITIONS S2). It is 0 in a status that does not count
// (S3).
func (n counting) mrr(s *event.Subscription) (mrr money.Amount, ok bool) {
	if !n[s.Status] {
		return money.Amount{}, true
	}
	f := perMonth[s.Interval]
	return money.Monthly(s.Quantity, s.UnitAmount, s.Discount, f.num, f.den*int64(s.IntervalCount))
}
