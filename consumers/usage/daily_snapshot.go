package usage

import (
	"runrate/consumers/state"
	"runrate/internal/calendar"
	"runrate/internal/rows"
	snapshot "runrate/schemas/snapshot/v1"
)

// totalBytes is about what the totals of a day encode to.
const totalBytes = 70

// encodeDaily is all days of it that are kept, or those that the batch touched.
func encodeDaily(d *daily, touchedOnly bool, c *closed) *snapshot.Daily {
	out := &snapshot.Daily{Line: d.line, Currency: d.currency}
	for i := range d.days {
		t := &d.days[i]
		if touchedOnly && t.touchedBy < c.batch.First {
			continue
		}
		totals := &snapshot.DayTotals{Day: int32(t.day), Revenue: state.Encode(t.totals.Revenue), Cost: state.Encode(t.totals.Cost), Events: t.totals.Events}
		if !t.totals.OneOff.IsZero() {
			totals.OneOff = state.Encode(t.totals.OneOff)
		}
		out.Days = append(out.Days, totals)
	}
	return out
}

// putTouchedDailies puts the days that the batch touched.
func (c *closed) putTouchedDailies(p *parts) {
	for _, d := range c.fold.touchedDailies {
		out := encodeDaily(d, true, c)
		p.Part.Accounts = append(p.Part.Accounts, &snapshot.UsageAccount{Account: string(d.owner.name), Dailies: []*snapshot.Daily{out}})
		p.Grew(accountBytes + totalBytes*len(out.Days))
	}
}

// restoreDaily takes days that a snapshot holds.
func (a *account) restoreDaily(in *snapshot.Daily) {
	d := a.daily(in.Line, in.Currency)
	for _, t := range in.Days {
		on := d.on(calendar.Day(t.Day))
		on.totals = rows.Totals{Revenue: state.Decode(t.Revenue), Cost: state.Decode(t.Cost), Events: t.Events, OneOff: state.Decode(t.OneOff)}
	}
}
