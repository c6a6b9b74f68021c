package subscriptions

import (
	"slices"

	"runrate/internal/calendar"
	"runrate/internal/rows"
)

// Changes are the rows that the steps since the last Done changed. They are
// computed as they are walked, from the state: no Step may come between.
func (f *Fold) Changes() rows.Changes {
	was, closed := f.closed, f.gate.Passed()
	f.netnew.Settle(closed.Midnight())
	passes := f.gate.Passes()
	return rows.Changes{
		Source:              f.config.Source,
		SubscriptionChanges: slices.Values(f.accepted),
		Subscriptions: func(yield func(rows.Subscription) bool) {
			for _, s := range f.current {
				if !yield(s.row()) {
					return
				}
			}
		},
		Movements: func(yield func(rows.Movement) bool) {
			for _, c := range f.moved {
				for _, m := range c.moves {
					if m.touched >= f.gate.Flushed() && !yield(c.row(m)) {
						return
					}
				}
			}
		},
		MRR: func(yield func(rows.MRR) bool) {
			changed := f.touched
			if closed > was {
				changed = f.series
			}
			for _, s := range changed {
				if !s.changed(was, closed, passes, yield) {
					return
				}
			}
		},
		NetNew:      func(yield func(rows.NetNew) bool) { f.netnew.Changed(passes, yield) },
		DeadLetters: slices.Values(f.gate.DeadLetters()),
		Progress:    f.gate.Progress(),
	}
}

// row is the subscription as its latest change left it.
func (s *subscription) row() rows.Subscription {
	c := s.changes[len(s.changes)-1]
	return rows.Subscription{
		Account: s.account.name, Subscription: s.id, Line: c.plan.line, Plan: c.plan.plan, Status: c.status,
		Segment: c.plan.segment, Region: c.plan.region, Currency: c.plan.currency,
		MRR: c.mrr, Since: c.time, Version: c.offset,
	}
}

func (c *change) row(m movement) rows.Movement {
	return rows.Movement{
		Account: c.subscription.account.name, Line: m.ledger.line, Currency: m.ledger.currency,
		Time: c.time, Change: c.offset, Subscription: c.subscription.id,
		Movement: m.kind, Amount: m.amount, Version: m.touched,
	}
}

// Done ends the batch: its changes are written, its snapshot appended and its
// next offset committed.
func (f *Fold) Done() {
	was, closed := f.closed, f.gate.Passed()
	f.netnew.Settle(closed.Midnight())
	f.netnew.Done()
	for _, c := range f.moved {
		c.settle()
	}
	for _, s := range f.touched {
		s.dirty = s.dirty[:0]
	}
	if closed > was {
		f.advance(was, closed)
	}
	if closed.Midnight() > was.Midnight() {
		f.forget(closed.Midnight())
	}
	f.closed = closed
	f.accepted, f.inserted = nil, f.inserted[:0]
	f.moved, f.touched, f.current = f.moved[:0], f.touched[:0], f.current[:0]
	clear(f.latest)
	f.gate.Done()
}

func (f *Fold) advance(was, closed calendar.Hour) {
	for _, s := range f.series {
		s.advance(was, closed)
	}
	f.series = slices.DeleteFunc(f.series, func(s *series) bool {
		empty := len(s.panes) == 0 && s.sum.subscriptions == 0
		if empty {
			delete(f.bySeries, s.plan)
		}
		return empty
	})
}

func (f *Fold) forget(closed calendar.Day) {
	horizon := max(closed-kept, 0).Start()
	for _, a := range f.accounts {
		a.forget(horizon)
	}
}
