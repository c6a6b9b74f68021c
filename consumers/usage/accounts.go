package usage

import (
	"cmp"
	"slices"

	"runrate/consumers/netnew"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/money"
)

// account is what the fold keeps of one account: the days it was active on, by
// line, and its revenue by day, line and currency, each for as long as a row can
// need it: a ring of the last 126 days of activity (4 bytes each) and the last 94
// of revenue (24 bytes each), kept sparse. Measured with one line and currency:
// 480 bytes for an account active on one day, 4.8 KB for one active on all of
// them (TestBytesPerAccount).
type account struct {
	name    event.Account
	lines   []accountLine // allLines first, then in the order they came
	ledgers []*ledger
}

// accountLine is the activity of an account in one line.
type accountLine struct {
	activity *activity
	days     []calendar.Day // ascending
}

// ledger is the revenue of one account in one line and currency: its worth in
// net_new_arr is that of the ARR window.
type ledger struct {
	*netnew.Ledger
	account  *account
	line     string
	currency string
	window   calendar.Day // length of the ARR window
	days     []dayRevenue // ascending by day
	dirty    []calendar.Day
}

type dayRevenue struct {
	day     calendar.Day
	revenue money.Amount
}

func compareDay(r dayRevenue, d calendar.Day) int { return cmp.Compare(r.day, d) }

// At is the revenue of the ARR window as of a midnight.
func (l *ledger) At(midnight calendar.Day) (sum money.Amount, present bool) {
	i, _ := slices.BinarySearchFunc(l.days, midnight-l.window, compareDay)
	for ; i < len(l.days) && l.days[i].day < midnight; i++ {
		sum, _ = sum.Add(l.days[i].revenue) // bounded by series.gross
		present = true
	}
	return sum, present
}

// Span is the midnights whose ARR window can hold any revenue.
func (l *ledger) Span() (first, last calendar.Day) {
	if len(l.days) == 0 {
		return 0, -1
	}
	return l.days[0].day + 1, l.days[len(l.days)-1].day + l.window
}

// on is the revenue of a day, zero where there is none.
func (l *ledger) on(d calendar.Day) dayRevenue {
	if i, found := slices.BinarySearchFunc(l.days, d, compareDay); found {
		return l.days[i]
	}
	return dayRevenue{day: d}
}

// set replaces the revenue of a day.
func (l *ledger) set(d calendar.Day, revenue money.Amount) {
	i, found := slices.BinarySearchFunc(l.days, d, compareDay)
	if !found {
		l.days = slices.Insert(l.days, i, dayRevenue{day: d})
	}
	l.days[i].revenue = revenue
}

// add books revenue on a day.
func (l *ledger) add(d calendar.Day, revenue money.Amount) {
	sum, _ := l.on(d).revenue.Add(revenue) // bounded by series.gross
	l.set(d, sum)
	if !slices.Contains(l.dirty, d) {
		l.dirty = append(l.dirty, d)
	}
}

// keptRevenue is how long a day's revenue can still matter: to the ARR window
// as of 30 days before the oldest midnight that can be amended.
func (l *ledger) keptRevenue() calendar.Day { return calendar.Amendable + netnew.Span + l.window }

// forget lets go of the days that no row can need any more.
func (a *account) forget(closed calendar.Day) {
	for i := range a.lines {
		line := &a.lines[i]
		n, _ := slices.BinarySearch(line.days, closed-keptDays)
		line.days = slices.Delete(line.days, 0, n)
	}
	for _, l := range a.ledgers {
		n, _ := slices.BinarySearchFunc(l.days, closed-l.keptRevenue(), compareDay)
		l.days = slices.Delete(l.days, 0, n)
	}
}
