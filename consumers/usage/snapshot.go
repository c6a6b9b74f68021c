package usage

import (
	"fmt"
	"iter"

	"runrate/consumers/netnew"
	"runrate/consumers/state"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/pricebook"
	"runrate/internal/rows"
	snapshot "runrate/schemas/snapshot/v1"
)

// touched is what a batch changed, beside the dirty panes: what the next
// snapshot delta must hold.
type touched struct {
	book    bool
	days    []touchedDay
	ledgers []*ledger
}

type touchedDay struct {
	account *account
	line    string
	day     calendar.Day
}

func (t *touched) day(a *account, line string, d calendar.Day) {
	t.days = append(t.days, touchedDay{a, line, d})
}

func (t *touched) ledger(l *ledger) {
	if len(l.dirty) == 0 {
		t.ledgers = append(t.ledgers, l)
	}
}

func (t *touched) clear() {
	for _, l := range t.ledgers {
		l.dirty = l.dirty[:0]
	}
	*t = touched{days: t.days[:0], ledgers: t.ledgers[:0]}
}

// partSize is about how many bytes one part of a snapshot encodes to.
const partSize = 256 << 10

// parts collects a snapshot in parts of bounded size.
type parts struct {
	part  *snapshot.UsageState
	size  int
	yield func(*snapshot.Record) bool
	done  bool
}

// grew says that the part grew by about so many bytes, and hands it over when
// it is full.
func (p *parts) grew(bytes int) {
	if p.size += bytes; p.size >= partSize {
		p.flush()
	}
}

func (p *parts) flush() {
	p.done = p.done || !p.yield(&snapshot.Record{State: &snapshot.Record_Usage{Usage: p.part}})
	p.part, p.size = &snapshot.UsageState{}, 0
}

// Snapshot is the state in parts to be restored in this order: all of it, or
// with delta only what changed since the last Done. It is called after Changes
// and before Done. The last part has the progress.
func (f *Fold) Snapshot(delta bool) iter.Seq[*snapshot.Record] {
	return func(yield func(*snapshot.Record) bool) {
		p := &parts{part: &snapshot.UsageState{}, yield: yield}
		if delta {
			f.deltaParts(p)
		} else {
			f.allParts(p)
		}
		if (!delta || f.touched.book) && f.book != nil {
			p.part.PriceBook, p.part.PriceBookTime = f.book.JSON(), int64(f.bookTime)
		}
		p.part.Progress = f.gate.Encode()
		p.flush()
	}
}

func (f *Fold) allParts(p *parts) {
	for _, s := range f.series {
		for i := 0; i < len(s.panes) && !p.done; i += 1000 {
			chunk := s.panes[i:min(i+1000, len(s.panes))]
			p.part.Series = append(p.part.Series, encodeSeries(s, chunk))
			p.grew(60*len(chunk) + 100)
		}
	}
	for _, a := range f.accounts {
		if p.done {
			return
		}
		out := &snapshot.UsageAccount{Account: string(a.name)}
		size := 50
		for i := range a.lines {
			line := &a.lines[i]
			if line.activity.line != allLines {
				out.Lines = append(out.Lines, encodeLine(line.activity.line, line.days))
				size += 20 + 3*len(line.days)
			}
		}
		for _, l := range a.ledgers {
			out.Ledgers = append(out.Ledgers, encodeLedger(l, l.days))
			size += 20 + 25*len(l.days)
		}
		p.part.Accounts = append(p.part.Accounts, out)
		p.grew(size)
	}
}

func (f *Fold) deltaParts(p *parts) {
	for _, s := range f.changed {
		chunk := make([]pane, 0, len(s.dirty))
		for _, h := range s.dirty {
			chunk = append(chunk, *s.find(h))
		}
		p.part.Series = append(p.part.Series, encodeSeries(s, chunk))
		p.grew(60*len(chunk) + 100)
	}
	for _, t := range f.touched.days {
		p.part.Accounts = append(p.part.Accounts, &snapshot.UsageAccount{
			Account: string(t.account.name),
			Lines:   []*snapshot.ActiveLine{encodeLine(t.line, []calendar.Day{t.day})},
		})
		p.grew(60)
	}
	for _, l := range f.touched.ledgers {
		days := make([]dayRevenue, 0, len(l.dirty))
		for _, d := range l.dirty {
			days = append(days, l.on(d))
		}
		p.part.Accounts = append(p.part.Accounts, &snapshot.UsageAccount{
			Account: string(l.account.name),
			Ledgers: []*snapshot.Ledger{encodeLedger(l, days)},
		})
		p.grew(60 + 25*len(days))
	}
	for _, l := range f.netnew.Fresh() { // ledgers whose First alone changed
		own := l.Values.(*ledger)
		p.part.Accounts = append(p.part.Accounts, &snapshot.UsageAccount{
			Account: string(own.account.name),
			Ledgers: []*snapshot.Ledger{encodeLedger(own, nil)},
		})
		p.grew(60)
	}
}

func encodeSeries(s *series, panes []pane) *snapshot.Series {
	d := s.dimensions
	out := &snapshot.Series{Line: d.Line, Product: d.Product, Segment: d.Segment, Region: d.Region, Currency: d.Currency}
	for _, p := range panes {
		out.Panes = append(out.Panes, &snapshot.Pane{
			Hour: int32(p.hour), Revenue: state.Encode(p.total.Revenue), Cost: state.Encode(p.total.Cost),
			Events: p.total.Events, Count: p.total.count,
		})
	}
	return out
}

func encodeLine(line string, days []calendar.Day) *snapshot.ActiveLine {
	out := &snapshot.ActiveLine{Line: line}
	for _, d := range days {
		out.Days = append(out.Days, int32(d))
	}
	return out
}

func encodeLedger(l *ledger, days []dayRevenue) *snapshot.Ledger {
	out := &snapshot.Ledger{Line: l.line, Currency: l.currency}
	if l.First != netnew.Never {
		first := int32(l.First)
		out.First = &first
	}
	for _, d := range days {
		out.Days = append(out.Days, &snapshot.DayRevenue{Day: int32(d.day), Revenue: state.Encode(d.revenue)})
	}
	return out
}

// Restore takes the next part of a snapshot into a fold that has not stepped.
// Restored must follow the last part.
func (f *Fold) Restore(record *snapshot.Record) error {
	part := record.GetUsage()
	if part == nil {
		return fmt.Errorf("restore %s: the snapshot is not of a usage fold", f.config.Source)
	}
	if part.PriceBook != nil {
		book, err := pricebook.Parse(part.PriceBook)
		if err != nil {
			return fmt.Errorf("restore %s: price book: %w", f.config.Source, err)
		}
		f.book, f.bookTime = book, event.Time(part.PriceBookTime)
	}
	for _, in := range part.Series {
		s := f.seriesOf(rows.Dimensions{Line: in.Line, Product: in.Product, Segment: in.Segment, Region: in.Region, Currency: in.Currency})
		for _, p := range in.Panes {
			s.pane(calendar.Hour(p.Hour)).total = total{
				Totals: rows.Totals{Revenue: state.Decode(p.Revenue), Cost: state.Decode(p.Cost), Events: p.Events}, count: p.Count,
			}
		}
	}
	for _, in := range part.Accounts {
		a := f.account(event.Account(in.Account))
		for _, line := range in.Lines {
			for _, d := range line.Days {
				f.active(a, line.Line, calendar.Day(d), -1)
			}
		}
		for _, ledger := range in.Ledgers {
			l := f.ledger(a, ledger.Line, ledger.Currency)
			l.First = netnew.Never
			if ledger.First != nil {
				l.First = calendar.Day(*ledger.First)
			}
			for _, d := range ledger.Days {
				l.set(calendar.Day(d.Day), state.Decode(d.Revenue))
			}
		}
	}
	if part.Progress != nil {
		f.gate.Restore(part.Progress)
	}
	return nil
}

// Restored puts in place what follows from the parts: the running sums and the
// totals of the midnights that can still be amended.
func (f *Fold) Restored() {
	f.closed = f.gate.Passed()
	for _, s := range f.series {
		s.gross = money.Amount{}
		for _, p := range s.panes {
			s.gross, _ = s.gross.Add(magnitude(p.total))
		}
		s.advance(0, f.closed)
	}
	f.dropEmptySeries()
	for _, a := range f.accounts {
		a.forget(f.closed.Midnight())
	}
	for _, a := range f.lines {
		a.done(f.closed.Midnight())
	}
	f.netnew.Restore(f.closed.Midnight())
	f.touched.clear()
}
