package subscriptions

import (
	"slices"

	"runrate/consumers/fold"
	"runrate/consumers/intake"
	"runrate/consumers/netnew"
	"runrate/internal/calendar"
	"runrate/internal/rows"
)

// closed is a batch of a fold that has ended.
type closed struct {
	fold   *Fold
	batch  intake.Batch
	netnew *netnew.Closed[*holding]
}

// Owes says that nothing is owed: each flush writes all rows that late changes change.
func (f *Fold) Owes() bool { return false }

// Owes is that of the fold.
func (c *closed) Owes() bool { return false }

// Close ends the batch. The error is a sum that has overflowed.
func (f *Fold) Close(batch intake.Batch) (fold.Closed, error) {
	movements, err := f.netnew.Close(batch.Passed.Midnight(), batch.Passes)
	if err != nil {
		return nil, err
	}
	return &closed{fold: f, batch: batch, netnew: movements}, f.late.Check()
}

// Changes returns the rows that the batch changed, computed as they are walked.
func (c *closed) Changes() rows.Changes {
	return rows.Changes{
		SubscriptionChanges: slices.Values(c.fold.accepted),
		Subscriptions:       c.subscriptions,
		Movements:           c.movements,
		MRR:                 c.mrr,
		Firsts:              c.firsts,
		NetNew:              c.netnew.Rows,
		Late:                c.fold.late.Rows,
	}
}

func (c *closed) subscriptions(yield func(rows.Subscription) bool) {
	for _, s := range c.fold.current {
		if !yield(s.row()) {
			return
		}
	}
}

func (c *closed) movements(yield func(rows.Movement) bool) {
	for _, moved := range c.fold.moved {
		for _, m := range moved.moves {
			if m.touchedBy >= c.batch.First && !yield(moved.row(m)) {
				return
			}
		}
	}
}

func (c *closed) mrr(yield func(rows.MRR) bool) {
	was, now := c.fold.closed, c.batch.Passed
	walked := c.fold.touchedSeries
	if now > was {
		walked = c.fold.series
	}
	for _, s := range walked {
		if !s.changedRows(was, now, c.batch.Passes, yield) {
			return
		}
	}
}

// firsts yields the first midnights that the batch found or lost.
func (c *closed) firsts(yield func(rows.First) bool) {
	for h, first := range c.netnew.Firsts {
		if first.Account = h.Owner.account.name; !yield(first) {
			return
		}
	}
}

// row returns the subscription as its latest change left it.
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
		Account: c.subscription.account.name, Line: m.holding.Line(), Currency: m.holding.Currency(),
		Time: c.time, Change: c.offset, Subscription: c.subscription.id,
		Movement: m.kind.String(), Amount: m.amount, Version: m.touchedBy,
	}
}

// Done lets the fold go on with the next batch.
func (c *closed) Done() {
	c.netnew.Done()
	c.fold.late.Done()
	f, was, now := c.fold, c.fold.closed, c.batch.Passed
	for _, moved := range f.moved {
		moved.dropEmpty()
	}
	for _, s := range f.touchedSeries {
		s.touched = s.touched[:0]
	}
	if now > was {
		f.advance(was, now)
	}
	if now.Midnight() > was.Midnight() {
		f.forget(now.Midnight())
	}
	f.first, f.closed = c.batch.Next, now
	f.accepted, f.inserted = nil, f.inserted[:0]
	f.moved, f.touchedSeries, f.current = f.moved[:0], f.touchedSeries[:0], f.current[:0]
	clear(f.latest)
}

// advance moves the MRR by hour on from the boundary was to closed.
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

// forget lets go of the changes that no late one can meet any more.
func (f *Fold) forget(closed calendar.Day) {
	horizon := max(closed-kept, 0).Start()
	for _, a := range f.accounts {
		a.forget(horizon)
	}
}
