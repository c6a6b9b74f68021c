package usage

import (
	"slices"

	"runrate/consumers/netnew"
	"runrate/internal/calendar"
	"runrate/internal/event"
)

// account is what the fold keeps of one account: the days it was active on, by
// line, and its revenue by day, line and currency, each for as long as a row can
// need it: a ring of the last 126 days of activity (4 bytes each) and the last 94
// of revenue (24 bytes each), and the totals of the last 37 (72 bytes each), kept
// sparse. Measured with one line and currency: 600 bytes for an account active on one
// day, 9.8 KB for one active on all of them (TestBytesPerAccount).
type account struct {
	name     event.Account
	lines    []accountLine // allLines first, then in the order they came
	holdings []*holding
	dailies  []*daily
}

// accountLine is the activity of an account in one line.
type accountLine struct {
	activity *activity
	days     []calendar.Day // ascending
}

// holding is the revenue of one account in one line and currency: what it is
// worth in net_new_arr is that of the ARR window.
type holding = netnew.Holding[*account]

// holder makes holdings: a netnew.Tracker, or one being restored.
type holder interface {
	Hold(line, currency string, owner *account) *holding
}

// hold finds the account's holding in a line and currency, or makes it.
func (a *account) hold(in holder, line, currency string) *holding {
	for _, h := range a.holdings {
		if h.Line() == line && h.Currency() == currency {
			return h
		}
	}
	h := in.Hold(line, currency, a)
	a.holdings = append(a.holdings, h)
	return h
}

// line finds the account's activity in a line, or makes it.
func (a *account) line(activity *activity) *accountLine {
	for i := range a.lines {
		if a.lines[i].activity == activity {
			return &a.lines[i]
		}
	}
	a.lines = append(a.lines, accountLine{activity: activity})
	return &a.lines[len(a.lines)-1]
}

// forget lets go of the active days that no row can need any more.
func (a *account) forget(closed calendar.Day) {
	for i := range a.lines {
		line := &a.lines[i]
		n, _ := slices.BinarySearch(line.days, closed-keptDays)
		line.days = slices.Delete(line.days, 0, n)
	}
}
