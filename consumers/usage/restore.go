package usage

import (
	"errors"
	"fmt"

	"runrate/consumers/fold"
	"runrate/consumers/netnew"
	"runrate/consumers/state"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/fx"
	"runrate/internal/money"
	"runrate/internal/pricebook"
	"runrate/internal/rows"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
)

// Blank is a fold before its first record, or on its way back from a snapshot.
type Blank struct {
	fold   *Fold // without its tracker
	netnew *netnew.Restoring[*account]
}

var _ fold.Blank = (*Blank)(nil)

// New returns the fold before its first record.
func New(config Config) *Blank {
	f := &Fold{
		bySeries:  map[rows.Dimensions]*series{},
		byLine:    map[string]*activity{},
		byAccount: map[event.Account]*account{},
	}
	f.line(allLines)
	return &Blank{fold: f, netnew: netnew.Restore[*account](config.measure())}
}

// restored stands for the offset of a record before the batch to come.
const restored stream.Offset = -1

// Restore takes the next part of a snapshot.
func (b *Blank) Restore(record *snapshot.Record) error {
	part := record.GetUsage()
	if part == nil {
		return errors.New("the snapshot is not of a usage fold")
	}
	if part.PriceBook != nil {
		book, err := pricebook.Parse(part.PriceBook)
		if err != nil {
			return fmt.Errorf("price book: %w", err)
		}
		b.fold.book, b.fold.bookTime = book, event.Time(part.PriceBookTime)
	}
	if part.Rates != nil {
		set, err := fx.Parse(part.Rates)
		if err != nil {
			return fmt.Errorf("exchange rates: %w", err)
		}
		b.fold.rates, b.fold.fxTime = set, event.Time(part.RatesTime)
	}
	if part.Paid {
		b.fold.paid()
	}
	b.fold.late.Restore(part.Late)
	for _, s := range part.Series {
		b.series(s)
	}
	for _, a := range part.Accounts {
		b.account(a)
	}
	return nil
}

func (b *Blank) series(in *snapshot.Series) {
	s := b.fold.seriesOf(rows.Dimensions{Line: in.Line, Product: in.Product, Segment: in.Segment, Region: in.Region, Currency: in.Currency})
	for _, p := range in.Panes {
		s.pane(calendar.Hour(p.Hour)).total = total{
			Totals: rows.Totals{Revenue: state.Decode(p.Revenue), Cost: state.Decode(p.Cost), Events: p.Events, OneOff: state.Decode(p.OneOff)}, count: p.Count,
		}
	}
	for _, o := range in.Owed {
		s.pane(calendar.Hour(o.Hour)).touchedBy = stream.Offset(o.Offset)
		b.fold.owe(s, calendar.Hour(o.Hour))
	}
}

func (b *Blank) account(in *snapshot.UsageAccount) {
	a := b.fold.account(event.Account(in.Account))
	for _, line := range in.Lines {
		for _, d := range line.Days {
			b.fold.active(a, line.Line, calendar.Day(d), restored)
		}
	}
	for _, in := range in.Dailies {
		a.restoreDaily(in)
	}
	for _, in := range in.Holdings {
		h := a.hold(b.netnew, in.Line, in.Currency)
		b.netnew.SetFirst(h, calendar.Day(in.GetFirst()), in.First != nil)
		for _, d := range in.Days {
			b.netnew.Set(h, calendar.Day(d.Day), state.Decode(d.Revenue))
		}
	}
}

// Ready puts in place what follows from the parts: the running sums and the
// totals of the midnights that can still be amended. The Blank is used up.
func (b *Blank) Ready(next stream.Offset, passed calendar.Hour) fold.State {
	f := b.fold
	for _, s := range f.series {
		s.gross = money.Amount{}
		for _, p := range s.panes {
			s.gross = s.gross.Plus(magnitude(p.total))
		}
	}
	f.advance(0, passed)
	f.forget(passed.Midnight())
	f.netnew = b.netnew.Ready(passed.Midnight())
	f.first, f.closed = next, passed
	f.touchedDays = f.touchedDays[:0]
	b.fold, b.netnew = nil, nil
	return f
}
