package usage

import (
	"cmp"
	"slices"

	"runrate/consumers/intake"
	"runrate/internal/calendar"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// keptTotals is how long the totals of a day can still be amended.
const keptTotals = calendar.Amendable

// daily is what one account did in one line and currency by day (DEFINITIONS A11),
// for the days that a late event can still amend. Rows are written when a day
// closes, and kept for good.
type daily struct {
	owner          *account
	line, currency string
	days           []dayTotals // ascending
	touched        bool        // in this batch
}

// dayTotals are the totals of one day. touchedBy is the offset of the last record
// that touched it, below the batch's first offset if none did in this batch.
type dayTotals struct {
	day       calendar.Day
	totals    rows.Totals
	touchedBy stream.Offset
}

// daily finds the account's totals in a line and currency, or makes them.
func (a *account) daily(line, currency string) *daily {
	for _, d := range a.dailies {
		if d.line == line && d.currency == currency {
			return d
		}
	}
	d := &daily{owner: a, line: line, currency: currency}
	a.dailies = append(a.dailies, d)
	return d
}

// on finds the totals of a day, or makes them.
func (d *daily) on(day calendar.Day) *dayTotals {
	if n := len(d.days); n > 0 && d.days[n-1].day == day {
		return &d.days[n-1]
	}
	i, found := slices.BinarySearchFunc(d.days, day, func(t dayTotals, day calendar.Day) int { return cmp.Compare(t.day, day) })
	if !found {
		d.days = slices.Insert(d.days, i, dayTotals{day: day, touchedBy: restored})
	}
	return &d.days[i]
}

// daily books the event of the record at offset on its day, of the holding's line and currency.
func (f *Fold) daily(h *holding, day calendar.Day, t rows.Totals, offset stream.Offset) {
	d := h.Owner.daily(h.Line(), h.Currency())
	if !d.touched {
		d.touched = true
		f.touchedDailies = append(f.touchedDailies, d)
	}
	on := d.on(day)
	on.totals.Add(t)
	on.touchedBy = offset
}

// changed yields the rows that the batch beginning at offset first changed: of the
// days that ended in it, whose midnights are (was, closed], and of earlier ones that
// it touched.
func (d *daily) changed(was, closed calendar.Day, first stream.Offset, passes intake.Passes, yield func(rows.AccountDay) bool) bool {
	for i := range d.days {
		t := &d.days[i]
		if t.day >= closed {
			break
		}
		version := t.touchedBy
		if t.day >= was {
			version = max(version, passes.Of((t.day + 1).Start()))
		} else if version < first {
			continue
		}
		row := rows.AccountDay{Account: d.owner.name, Line: d.line, Currency: d.currency, Day: t.day.Start(),
			Totals: t.totals, Version: version}
		if !yield(row) {
			return false
		}
	}
	return true
}

// accountDays yields the rows of account_daily that the batch changed. Only a
// midnight walks all accounts.
func (c *closed) accountDays(yield func(rows.AccountDay) bool) {
	f, was, now := c.fold, c.fold.closed.Midnight(), c.batch.Passed.Midnight()
	of := func(d *daily) bool { return d.changed(was, now, c.batch.First, c.batch.Passes, yield) }
	if now <= was {
		for _, d := range f.touchedDailies {
			if !of(d) {
				return
			}
		}
		return
	}
	for _, a := range f.accounts {
		for _, d := range a.dailies {
			if !of(d) {
				return
			}
		}
	}
}

// forgetTotals lets go of the days that can no longer be amended.
func (a *account) forgetTotals(closed calendar.Day) {
	a.dailies = slices.DeleteFunc(a.dailies, func(d *daily) bool {
		n := 0
		for n < len(d.days) && d.days[n].day < closed-keptTotals {
			n++
		}
		d.days = slices.Delete(d.days, 0, n)
		return len(d.days) == 0
	})
}
