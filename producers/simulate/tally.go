package simulate

import (
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/truth"
)

// tally is what the model adds up while it makes events: each accepted event
// once, on the day that it happened, whenever it arrives.
type tally struct {
	config Config
	months []string // "2026-09", ascending
	month  []int    // by day: index in months

	used        [][products]total // by month
	adjustments []sum             // by month
	movements   [][moves]sum      // by month; MRR
	days        [][products]total // by day

	accounts   []holding
	sent       truth.Sent
	closedDays int
}

// total is what some usage comes to, adjustments in its revenue.
type total struct {
	revenue, cost money.Amount
	events        uint64
}

func (t *total) add(o total) {
	t.revenue, t.cost, t.events = plus(t.revenue, o.revenue), plus(t.cost, o.cost), t.events+o.events
}

// sum is how many amounts there were, and what they come to.
type sum struct {
	count  uint64
	amount money.Amount
}

func (s *sum) add(a money.Amount) { s.count, s.amount = s.count+1, plus(s.amount, a) }

func newTally(c Config, accounts int) *tally {
	l := &tally{config: c, accounts: make([]holding, accounts), days: make([][products]total, c.Days)}
	for d := range c.Days {
		at := (c.Start + event.Time(d)*event.Day).UTC()
		if name := at.Format("2006-01"); len(l.months) == 0 || l.months[len(l.months)-1] != name {
			l.months = append(l.months, name)
		}
		l.month = append(l.month, len(l.months)-1)
	}
	l.used = make([][products]total, len(l.months))
	l.adjustments = make([]sum, len(l.months))
	l.movements = make([][moves]sum, len(l.months))
	l.sent.Refused = make(map[event.Reason]uint64)
	return l
}

// usage books a usage event.
func (l *tally) usage(d, account, product int, revenue, cost money.Amount) {
	t := total{revenue, cost, 1}
	l.used[l.month[d]][product].add(t)
	l.days[d][product].add(t)
	h := &l.accounts[account]
	h.earn(d, revenue)
	h.lastActive = d + 1
}

// adjustment books a signed amount.
func (l *tally) adjustment(d, account, product int, amount money.Amount) {
	t := total{revenue: amount}
	l.used[l.month[d]][product].add(t)
	l.days[d][product].add(t)
	l.adjustments[l.month[d]].add(amount)
	l.accounts[account].earn(d, amount)
}

// change books a change of a customer's MRR.
func (l *tally) change(d int, before, after money.Amount, ever bool) {
	if before == after {
		return
	}
	move := contraction
	switch {
	case before.IsZero() && ever:
		move = reactivation
	case before.IsZero():
		move = isNew
	case after.IsZero():
		move = churn
	case after.Cmp(before) > 0:
		move = expansion
	}
	l.movements[l.month[d]][move].add(minus(after, before))
}

// eventsOn is the usage events of a day.
func (l *tally) eventsOn(d int) (n uint64) {
	for _, t := range l.days[d] {
		n += t.events
	}
	return n
}

// closeDay takes every account's standing as of the midnight that ends a day.
func (l *tally) closeDay(d int) {
	for i := range l.accounts {
		l.accounts[i].close(d, l.config.Days)
	}
	l.closedDays++
}

// arrived counts what is sent.
func (l *tally) arrived(a arrival) {
	switch {
	case a.fault != "":
		l.sent.Refused[a.fault]++
		return
	case a.again:
		l.sent.Duplicates++
		return
	case a.kind == event.UsageRecorded:
		l.sent.Usage++
	case a.kind == event.AdjustmentRecorded:
		l.sent.Adjustments++
	default:
		l.sent.Subscriptions++
	}
	if a.at-a.time >= event.Hour {
		l.sent.Late++
	}
}
