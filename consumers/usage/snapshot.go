package usage

import (
	"iter"

	"runrate/consumers/state"
	"runrate/internal/calendar"
	"runrate/internal/money"
	snapshot "runrate/schemas/snapshot/v1"
)

// parts collects the state in parts.
type parts = state.Parts[snapshot.UsageState]

// About how many bytes things encode to.
const (
	paneBytes    = 60
	seriesBytes  = 100
	accountBytes = 50
	lineBytes    = 20
	dayBytes     = 3
	amountBytes  = 25
)

// partPanes is how many panes of a series go into a part at a time.
const partPanes = 1000

// Snapshot returns the state in parts: all of it, or with delta only what the
// batch touched. The last part has the progress.
func (c *closed) Snapshot(delta bool, progress *snapshot.Progress) iter.Seq[*snapshot.Record] {
	return state.InParts(recordOf, func(p *parts) {
		if delta {
			c.touchedParts(p)
		} else {
			c.allParts(p)
		}
		if f := c.fold; !delta || len(f.published) > 0 {
			putInForce(p, f)
		}
		p.Part.Late, p.Part.Progress = c.fold.late.Encode(delta), progress
	})
}

// putInForce puts the price book and the rates in force, if there are any.
func putInForce(p *parts, f *Fold) {
	if f.book != nil {
		p.Part.PriceBook, p.Part.PriceBookTime = f.book.JSON(), int64(f.bookTime)
	}
	if f.rates != nil {
		p.Part.Rates, p.Part.RatesTime = f.rates.JSON(), int64(f.fxTime)
	}
}

func recordOf(s *snapshot.UsageState) *snapshot.Record {
	return &snapshot.Record{State: &snapshot.Record_Usage{Usage: s}}
}

func (c *closed) allParts(p *parts) {
	for _, s := range c.fold.series {
		if owed := c.owedAfter(s, s.owed, s.touched); len(owed) > 0 {
			putOwed(p, s, owed)
		}
		for i := 0; i < len(s.panes) && !p.Stopped(); i += partPanes {
			putSeries(p, s, s.panes[i:min(i+partPanes, len(s.panes))])
		}
	}
	for _, a := range c.fold.accounts {
		if p.Stopped() {
			return
		}
		c.putAccount(p, a)
	}
}

func (c *closed) touchedParts(p *parts) {
	p.Part.Paid = c.pays && c.fold.Owes()
	for _, s := range c.fold.touchedSeries {
		if owed := c.owedAfter(s, s.touched); len(owed) > 0 {
			putOwed(p, s, owed)
		}
		touched := make([]pane, 0, len(s.touched))
		for _, h := range s.touched {
			touched = append(touched, *s.find(h))
		}
		putSeries(p, s, touched)
	}
	for _, t := range c.fold.touchedDays {
		p.Part.Accounts = append(p.Part.Accounts, &snapshot.UsageAccount{
			Account: string(t.account.name),
			Lines:   []*snapshot.ActiveLine{encodeLine(t.line, []calendar.Day{t.day})},
		})
		p.Grew(accountBytes + dayBytes)
	}
	c.putTouchedDailies(p)
	for _, h := range c.netnew.Touched() {
		putHolding(p, h, encodeDays(h.TouchedDays()))
	}
	for _, h := range c.netnew.Restated() { // perhaps not touched, its First alone changed
		putHolding(p, h, nil)
	}
}

// keyOf is a series without anything.
func keyOf(s *series) *snapshot.Series {
	d := s.dimensions
	return &snapshot.Series{Line: d.Line, Product: d.Product, Segment: d.Segment, Region: d.Region, Currency: d.Currency}
}

func putSeries(p *parts, s *series, panes []pane) {
	out := keyOf(s)
	for _, p := range panes {
		pane := &snapshot.Pane{
			Hour: int32(p.hour), Revenue: state.Encode(p.total.Revenue), Cost: state.Encode(p.total.Cost),
			Events: p.total.Events, Count: p.total.count,
		}
		if !p.total.OneOff.IsZero() {
			pane.OneOff = state.Encode(p.total.OneOff)
		}
		out.Panes = append(out.Panes, pane)
	}
	p.Part.Series = append(p.Part.Series, out)
	p.Grew(seriesBytes + paneBytes*len(panes))
}

// putAccount puts all that is kept of an account.
func (c *closed) putAccount(p *parts, a *account) {
	out := &snapshot.UsageAccount{Account: string(a.name)}
	size := accountBytes
	for i := range a.lines {
		line := &a.lines[i]
		if line.activity.line != allLines {
			out.Lines = append(out.Lines, encodeLine(line.activity.line, line.days))
			size += lineBytes + dayBytes*len(line.days)
		}
	}
	for _, h := range a.holdings {
		days := encodeDays(h.Days())
		out.Holdings = append(out.Holdings, encodeHolding(h, days))
		size += lineBytes + amountBytes*len(days)
	}
	for _, d := range a.dailies {
		out.Dailies = append(out.Dailies, encodeDaily(d, false, c))
		size += lineBytes + totalBytes*len(d.days)
	}
	p.Part.Accounts = append(p.Part.Accounts, out)
	p.Grew(size)
}

// putHolding puts a holding's First and these days of it.
func putHolding(p *parts, h *holding, days []*snapshot.DayRevenue) {
	p.Part.Accounts = append(p.Part.Accounts, &snapshot.UsageAccount{
		Account:  string(h.Owner.name),
		Holdings: []*snapshot.Holding{encodeHolding(h, days)},
	})
	p.Grew(accountBytes + amountBytes*len(days))
}

func encodeLine(line string, days []calendar.Day) *snapshot.ActiveLine {
	out := &snapshot.ActiveLine{Line: line}
	for _, d := range days {
		out.Days = append(out.Days, int32(d))
	}
	return out
}

func encodeHolding(h *holding, days []*snapshot.DayRevenue) *snapshot.Holding {
	out := &snapshot.Holding{Line: h.Line(), Currency: h.Currency(), Days: days}
	if midnight, ok := h.First(); ok {
		first := int32(midnight)
		out.First = &first
	}
	return out
}

func encodeDays(days iter.Seq2[calendar.Day, money.Amount]) []*snapshot.DayRevenue {
	var out []*snapshot.DayRevenue
	for d, revenue := range days {
		out = append(out, &snapshot.DayRevenue{Day: int32(d), Revenue: state.Encode(revenue)})
	}
	return out
}
