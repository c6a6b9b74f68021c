package usage

import (
	"slices"

	"runrate/consumers/fold"
	"runrate/consumers/intake"
	"runrate/consumers/netnew"
	"runrate/internal/rows"
)

// closed is a batch of a fold that has ended.
type closed struct {
	fold   *Fold
	batch  intake.Batch
	netnew *netnew.Closed[*account]
	pays   bool // writes what is owed (owed.go)
}

// Close ends the batch. The error is a sum that has overflowed.
func (f *Fold) Close(batch intake.Batch) (fold.Closed, error) {
	movements, err := f.netnew.Close(batch.Passed.Midnight(), batch.Passes)
	if err != nil {
		return nil, err
	}
	return &closed{fold: f, batch: batch, netnew: movements, pays: !batch.Owes || batch.Passed > f.closed}, f.late.Check()
}

// Changes returns the rows that the batch changed, computed as they are walked.
func (c *closed) Changes() rows.Changes {
	return rows.Changes{
		UsageEvents:    c.fold.events.all,
		UsagePanes:     c.panes,
		Rolling:        c.rolling,
		ActiveAccounts: c.activeAccounts,
		AccountDays:    c.accountDays,
		Firsts:         c.firsts,
		NetNew:         c.netnew.Rows,
		Late:           c.fold.late.Rows,
		Controls:       slices.Values(c.fold.published),
	}
}

func (c *closed) panes(yield func(rows.UsagePane) bool) {
	for _, s := range c.fold.touchedSeries {
		if !s.changedPanes(yield) {
			return
		}
	}
}

func (c *closed) rolling(yield func(rows.RollingRevenue) bool) {
	if !c.pays {
		return
	}
	was, now := c.fold.closed, c.batch.Passed
	walked := c.fold.unpaid()
	if now > was {
		walked = c.fold.series
	}
	for w := range windows {
		for _, s := range walked {
			if !s.changedWindows(w, was, now, c.batch.Passes, yield) {
				return
			}
		}
	}
}

func (c *closed) activeAccounts(yield func(rows.ActiveAccounts) bool) {
	was, now := c.fold.closed.Midnight(), c.batch.Passed.Midnight()
	for _, a := range c.fold.lines {
		if !a.changed(was, now, c.batch.First, c.batch.Passes, yield) {
			return
		}
	}
}

// firsts yields the first midnights that the batch found or lost.
func (c *closed) firsts(yield func(rows.First) bool) {
	for h, first := range c.netnew.Firsts {
		if first.Account = h.Owner.name; !yield(first) {
			return
		}
	}
}

// Done lets the fold go on with the next batch.
func (c *closed) Done() {
	c.netnew.Done()
	c.fold.late.Done()
	f, was, now := c.fold, c.fold.closed, c.batch.Passed
	c.settle()
	for _, s := range f.touchedSeries {
		s.touched = s.touched[:0]
	}
	for _, d := range f.touchedDailies {
		d.touched = false
	}
	if now > was {
		f.advance(was, now)
	}
	if now.Midnight() > was.Midnight() {
		f.forget(now.Midnight())
	}
	f.first, f.closed = c.batch.Next, now
	f.events.done()
	f.touchedSeries, f.touchedDays, f.touchedDailies, f.published = f.touchedSeries[:0], f.touchedDays[:0], f.touchedDailies[:0], nil
}
