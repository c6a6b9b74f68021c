// Package usage is the usage fold: it turns the records of one partition of
// runrate.usage into the rows of usage_events, usage_hourly, rolling_revenue,
// active_accounts, account_daily, net_new_arr (its usage part), dead_letters and
// accounting.
//
// A Fold is the State of a partition (package fold), whose rows, snapshots and
// versions are a function of the log prefix alone, whatever the batches: the
// package reads no clock and does no I/O.
//
// Follow one event from Take to take: the price book rates it, and the series of
// its dimensions, the activity of its account, the account's holding and its days take
// it in. Close (closed.go) yields what the batch changed.
package usage

import (
	"fmt"
	"strings"

	"runrate/consumers/fold"
	"runrate/consumers/intake"
	"runrate/consumers/late"
	"runrate/consumers/netnew"
	"runrate/consumers/state"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/fx"
	"runrate/internal/money"
	"runrate/internal/pricebook"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// Config is what a fold is made with. It must be the same for the whole log.
type Config struct {
	ARRWindowDays int   // length of the window whose revenue is made annual
	ARRMultiplier int64 // annual = revenue of that window x multiplier
}

func (c Config) measure() netnew.Measure {
	return netnew.Measure{Window: calendar.Day(c.ARRWindowDays), Factor: c.ARRMultiplier}
}

// Fold is the state of one partition. One goroutine owns it.
type Fold struct {
	book     *pricebook.Book // in force, nil before the first
	bookTime event.Time      // of the event that published book; 0 is older than any
	rates    *fx.Set         // in force, nil before the first; nothing here is converted
	fxTime   event.Time      // of the event that published rates

	first    stream.Offset // of the batch: what is below it is flushed
	closed   calendar.Hour // the last boundary passed as of the last flush; 0 before the first tick
	series   []*series
	bySeries map[rows.Dimensions]*series
	owing    []*series // that have something owed

	lines     []*activity
	byLine    map[string]*activity
	accounts  []*account
	byAccount map[event.Account]*account
	netnew    *netnew.Tracker[*account]
	late      late.Ledger

	// Of this batch.
	events         accepted
	touchedSeries  []*series
	touchedDays    []touchedDay
	touchedDailies []*daily
	published      []rows.Control // price books and rates that came into force
}

// touchedDay is a day on which an account became active in a line.
type touchedDay struct {
	account *account
	line    string
	day     calendar.Day
}

var _ fold.State = (*Fold)(nil)

// Control takes a price book or a set of rates; other control records are of no
// concern here.
func (f *Fold) Control(j *intake.Judged) {
	switch j.Event.Type {
	case event.PricebookPublished:
		f.publish(j.Book, j.Event.Time, j.Record)
	case event.RatesPublished:
		f.publishRates(j.Rates, j.Event.Time, j.Record)
	}
}

// Take books an event, or refuses it (DEFINITIONS R8). An error is a sum beyond all
// bounds.
func (f *Fold) Take(j *intake.Judged) (*event.Refusal, error) {
	row := rows.UsageEvent{Identity: j.Identity, Version: j.Record.Offset}
	if refusal := f.rate(&j.Event, &row); refusal != nil {
		return refusal, nil
	}
	f.late.Clock(j.Clock)
	return nil, f.take(&row)
}

// rate makes an event into a row: DEFINITIONS R8, and what it earns and costs (M3).
func (f *Fold) rate(e *event.Event, row *rows.UsageEvent) (refusal *event.Refusal) {
	row.Account, row.Time, row.Source, row.ID, row.Type = e.Account, e.Time, e.Source, e.ID, e.Type
	if a := e.Adjustment; a != nil {
		product, refusal := f.product(a.Product)
		if refusal != nil {
			return refusal
		}
		row.Dimensions = rows.Dimensions{Line: product.Line, Product: a.Product, Segment: a.Segment, Region: a.Region, Currency: a.Currency}
		row.Revenue, row.OneOff, row.PriceBook = a.Amount, a.OneOff, f.book.Version
		return nil
	}
	u := e.Usage
	product, refusal := f.product(u.Product)
	if refusal != nil {
		return refusal
	}
	row.Dimensions = rows.Dimensions{Line: product.Line, Product: u.Product, Segment: u.Segment, Region: u.Region, Currency: f.book.Currency}
	row.Quantities, row.PriceBook = u.Quantities, f.book.Version
	row.Revenue, row.Cost, refusal = f.book.Rate(e.Account, product, e.Time, u.Quantities)
	return refusal
}

func (f *Fold) product(name string) (*pricebook.Product, *event.Refusal) {
	if f.book == nil {
		return nil, &event.Refusal{Reason: event.UnknownProduct, Detail: fmt.Sprintf("product is %q and no price book is published yet: runrate prices publish one, then runrate redrive", name)}
	}
	product, ok := f.book.Product(name)
	if !ok {
		return nil, &event.Refusal{Reason: event.UnknownProduct, Detail: fmt.Sprintf("product is %q, which price book %q does not have: publish a book with it, then runrate redrive", name, f.book.Version)}
	}
	return product, nil
}

// take books an accepted event everywhere it counts.
func (f *Fold) take(row *rows.UsageEvent) error {
	f.events.add(row)

	offset := row.Version
	t := total{Totals: rows.Totals{Revenue: row.Revenue, Cost: row.Cost}, count: 1}
	a := f.account(row.Account)
	d := calendar.DayOf(row.Time)
	if row.Type == event.UsageRecorded {
		t.Events = 1
		f.active(a, row.Dimensions.Line, d, offset)
	}
	if row.OneOff {
		t.OneOff = row.Revenue
	}
	h := a.hold(f.netnew, row.Dimensions.Line, row.Dimensions.Currency)
	lasting := row.Revenue.Minus(t.OneOff)
	f.netnew.Change(h, d, offset, lasting)
	f.late.Add(row.Dimensions.Line, row.Dimensions.Currency, d, offset, lasting)
	f.daily(h, d, t.Totals, offset)

	s := f.seriesOf(row.Dimensions)
	if len(s.touched) == 0 {
		f.touchedSeries = append(f.touchedSeries, s)
	}
	return s.add(calendar.HourOf(row.Time), t, offset, f.first, f.closed)
}

// active marks an account active on a day in a line and in all lines.
func (f *Fold) active(a *account, line string, d calendar.Day, offset stream.Offset) {
	own := a.line(f.line(line))
	days, fresh := own.activity.mark(own.days, d, offset)
	if !fresh {
		return
	}
	own.days = days
	f.touchedDays = append(f.touchedDays, touchedDay{a, line, d})
	all := a.line(f.byLine[allLines])
	all.days, _ = all.activity.mark(all.days, d, offset)
}

func (f *Fold) seriesOf(d rows.Dimensions) *series {
	s := f.bySeries[d]
	if s == nil {
		s = &series{dimensions: d}
		f.bySeries[d] = s
		f.series = append(f.series, s)
	}
	return s
}

func (f *Fold) line(name string) *activity {
	a := f.byLine[name]
	if a == nil {
		a = &activity{line: name}
		f.byLine[name] = a
		f.lines = append(f.lines, a)
	}
	return a
}

func (f *Fold) account(name event.Account) *account {
	a := f.byAccount[name]
	if a == nil {
		name = event.Account(strings.Clone(string(name))) // of its own, the event's lies beside others
		a = &account{name: name}
		f.byAccount[name] = a
		f.accounts = append(f.accounts, a)
	}
	return a
}

// maxGross is 6 x 10^24 (DEFINITIONS M8), about a sixteenth of what Decimal(38,12)
// holds, so that no multiple of a sum that a view takes leaves it. It takes three
// billion events at the cap to get there.
var maxGross = money.FromInt(6_000_000_000_000_000_000).Times(1_000_000)

var errTooMuch = state.TooMuch("the sum of one key's amounts", state.KeyBound)
