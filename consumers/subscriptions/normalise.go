package subscriptions

import (
	"runrate/internal/event"
	"runrate/internal/money"
)

// perMonth is how much of a month's revenue a billing interval's amount is, as
// a fraction: a year has 365 days and 12 months (DEFINITIONS S2).
var perMonth = map[event.Interval]struct{ num, den int64 }{
	event.EveryDay:   {365, 12},
	event.EveryWeek:  {365, 84},
	event.EveryMonth: {1, 1},
	event.EveryYear:  {1, 12},
}

// MRR is the monthly recurring revenue of a state: quantity x unit_amount less
// discount, over interval_count intervals, to a month; rounded once, half to
// even, at the 12th decimal (DEFINITIONS S2). It is 0 in every status but active
// and past_due (S3).
func MRR(s *event.Subscription) (mrr money.Amount, ok bool) {
	if s.Status != event.Active && s.Status != event.PastDue {
		return money.Amount{}, true
	}
	f := perMonth[s.Interval]
	return money.Monthly(s.Quantity, s.UnitAmount, s.Discount, f.num, f.den*int64(s.IntervalCount))
}
