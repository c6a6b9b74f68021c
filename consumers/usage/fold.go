// Package usage is the usage fold: it turns the records of one partition of
// runrate.usage into the rows of usage_events, usage_hourly, rolling_revenue,
// active_accounts, net_new_arr (its usage part), dead_letters and accounting.
//
// A Fold is a state machine. Step takes one judged record; Changes are the rows
// that the steps since the last Done changed, as absolute values, each with the
// offset of the last record that influenced it as its version; Snapshot is the
// state itself. All three are functions of the log prefix alone, whatever the
// batches: the package reads no clock and does no I/O.
//
// Follow one event from Step to book: the gate judges it (package intake), the
// price book rates it, and the series of its dimensions, the activity of its
// account and the account's ledger take it in.
package usage

import (
	"errors"
	"fmt"

	"runrate/consumers/intake"
	"runrate/consumers/netnew"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/pricebook"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// Config is what a fold is made with. It must be the same for the whole log.
type Config struct {
	Source        stream.Source
	Memory        intake.Memory
	ARRWindowDays int   // length of the window whose revenue is made annual
	ARRMultiplier int64 // annual = revenue of that window x multiplier
}

// Fold is the state of one partition. One goroutine owns it.
type Fold struct {
	gate   *intake.Gate
	config Config
	book   *pricebook.Book // nil before the first

	bookTime event.Time // of the event that published book; 0 is older than any

	closed   calendar.Hour // the last boundary passed as of the last flush; 0 before the first tick
	series   []*series
	bySeries map[rows.Dimensions]*series
	changed  []*series // with dirty panes

	lines     []*activity
	byLine    map[string]*activity
	accounts  []*account
	byAccount map[event.Account]*account
	netnew    *netnew.Tracker

	events  []rows.UsageEvent // accepted in this batch
	touched touched           // by this batch, for the snapshot
}

// New is the fold before its first record.
func New(config Config) *Fold {
	f := &Fold{
		gate:      intake.NewGate(config.Source, config.Memory),
		config:    config,
		bySeries:  map[rows.Dimensions]*series{},
		byLine:    map[string]*activity{},
		byAccount: map[event.Account]*account{},
		netnew:    netnew.NewTracker(config.ARRMultiplier),
	}
	f.line(allLines)
	return f
}

// Gate is the part of the state that judges records and counts them.
func (f *Fold) Gate() *intake.Gate { return f.gate }

// Step folds the next record. An error means that the log cannot be folded on
// (a gap, a sum beyond all bounds): the partition must stop.
func (f *Fold) Step(j *intake.Judged) error {
	if err := f.gate.Open(j.Record.Offset); err != nil {
		return err
	}
	e := &j.Event
	switch {
	case j.Refusal != nil:
		f.gate.Refuse(j.Record, j.Refusal)
	case e.Type == event.ClockTicked:
		f.gate.Tick(e.Time, j.Record.Offset)
	case e.Type == event.PricebookPublished:
		f.gate.CountControl()
		f.publish(j.Book, e.Time)
	case e.Type.Control():
		f.gate.CountControl() // of no concern here
	case f.gate.Candidate(j):
		row, refusal := f.rate(e)
		if refusal != nil {
			f.gate.Refuse(j.Record, refusal)
			return nil
		}
		f.gate.Accept(j)
		if err := f.take(row, j.Record.Offset); err != nil {
			return fmt.Errorf("fold %s@%d: %w", f.config.Source, j.Record.Offset, err)
		}
	}
	return nil
}

// rate makes an event into a row: DEFINITIONS R8, and what it earns and costs (M3).
func (f *Fold) rate(e *event.Event) (rows.UsageEvent, *event.Refusal) {
	row := rows.UsageEvent{Account: e.Account, Time: e.Time, Source: e.Source, ID: e.ID, Type: e.Type}
	if a := e.Adjustment; a != nil {
		product, refusal := f.product(a.Product)
		if refusal != nil {
			return row, refusal
		}
		row.Dimensions = rows.Dimensions{Line: product.Line, Product: a.Product, Segment: a.Segment, Region: a.Region, Currency: a.Currency}
		row.Revenue = a.Amount
		return row, nil
	}
	u := e.Usage
	product, refusal := f.product(u.Product)
	if refusal != nil {
		return row, refusal
	}
	row.Dimensions = rows.Dimensions{Line: product.Line, Product: u.Product, Segment: u.Segment, Region: u.Region, Currency: f.book.Currency}
	row.Quantities = u.Quantities
	row.Revenue, row.Cost, refusal = f.book.Rate(e.Account, product, e.Time, u.Quantities)
	return row, refusal
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
func (f *Fold) take(row rows.UsageEvent, offset stream.Offset) error {
	row.Version = offset
	f.events = append(f.events, row)

	t := total{Totals: rows.Totals{Revenue: row.Revenue, Cost: row.Cost}, count: 1}
	a := f.account(row.Account)
	d := calendar.DayOf(row.Time)
	if row.Type == event.UsageRecorded {
		t.Events = 1
		f.active(a, row.Dimensions.Line, d, offset)
	}
	l := f.ledger(a, row.Dimensions.Line, row.Dimensions.Currency)
	f.netnew.Touch(l.Ledger, d, offset)
	f.touched.ledger(l)
	l.add(d, row.Revenue)

	s := f.seriesOf(row.Dimensions)
	if len(s.dirty) == 0 {
		f.changed = append(f.changed, s)
	}
	return s.add(calendar.HourOf(row.Time), t, offset, f.gate.Flushed(), f.closed)
}

// active marks an account active on a day in a line and in all lines.
func (f *Fold) active(a *account, line string, d calendar.Day, offset stream.Offset) {
	own := a.line(f.line(line))
	days, fresh := own.activity.mark(own.days, d, offset)
	if !fresh {
		return
	}
	own.days = days
	f.touched.day(a, line, d)
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
		a = &account{name: name}
		f.byAccount[name] = a
		f.accounts = append(f.accounts, a)
	}
	return a
}

func (a *account) line(activity *activity) *accountLine {
	for i := range a.lines {
		if a.lines[i].activity == activity {
			return &a.lines[i]
		}
	}
	a.lines = append(a.lines, accountLine{activity: activity})
	return &a.lines[len(a.lines)-1]
}

func (f *Fold) ledger(a *account, line, currency string) *ledger {
	for _, l := range a.ledgers {
		if l.line == line && l.currency == currency {
			return l
		}
	}
	l := &ledger{account: a, line: line, currency: currency, window: calendar.Day(f.config.ARRWindowDays)}
	l.Ledger = f.netnew.Add(line, currency, l)
	a.ledgers = append(a.ledgers, l)
	return l
}

// maxGross is 6 x 10^24 (DEFINITIONS M8), about a sixteenth of what Decimal(38,12)
// holds, so that no multiple of a sum that a view or net_new_arr takes leaves it.
// It takes three billion events at the cap to get there.
var maxGross, _ = money.FromInt(6_000_000_000_000_000_000).MulInt(1_000_000)

var errOverflow = errors.New("the amounts of one key add up to more than 6 x 10^24; no row of it could be trusted")
