// Package subscriptions is the subscription fold: it turns the records of one
// partition of runrate.subscriptions into the rows of subscriptions,
// mrr_movements, mrr, net_new_arr (its subscription part), dead_letters and
// accounting.
//
// Like the usage fold it is a state machine without a clock or I/O: Step takes
// a judged record, Changes are the rows that changed, Snapshot is the state.
//
// A change of a subscription replaces what held from its time on, up to the
// next change of that subscription. Follow one from Step to insert: it goes
// into its account's timeline by event time, the movements from there on are
// derived again (movements.go), and what it adds and takes away goes into the
// MRR by hour (mrr.go) and into the account's ledger by day (ledger.go).
package subscriptions

import (
	"errors"
	"fmt"

	"runrate/consumers/intake"
	"runrate/consumers/netnew"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// Config is what a fold is made with. It must be the same for the whole log.
type Config struct {
	Source stream.Source
	Memory intake.Memory
}

// Fold is the state of one partition. One goroutine owns it.
type Fold struct {
	gate   *intake.Gate
	config Config

	closed    calendar.Hour // the last boundary passed as of the last flush; 0 before the first tick
	accounts  []*account
	byAccount map[event.Account]*account
	series    []*series
	bySeries  map[plan]*series
	netnew    *netnew.Tracker
	gross     money.Amount // MRR of all changes folded

	derivations uint64 // counts them, to stamp the ledgers that one has met

	// Of this batch.
	accepted []rows.SubscriptionChange
	inserted []*change
	latest   map[*subscription]stream.Offset // subscriptions whose latest change it brought
	current  []*subscription                 // the keys of latest, in the order they came
	moved    []*change                       // whose movements it changed
	touched  []*series                       // with dirty panes
}

// monthsPerYear makes MRR annual (DEFINITIONS A2).
const monthsPerYear = 12

// New is the fold before its first record.
func New(config Config) *Fold {
	return &Fold{
		gate:      intake.NewGate(config.Source, config.Memory),
		config:    config,
		byAccount: map[event.Account]*account{},
		bySeries:  map[plan]*series{},
		netnew:    netnew.NewTracker(monthsPerYear),
		latest:    map[*subscription]stream.Offset{},
	}
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
	case e.Type.Control():
		f.gate.CountControl() // of no concern here
	case f.gate.Candidate(j):
		mrr, ok := MRR(e.Subscription)
		if !ok {
			f.gate.Refuse(j.Record, &event.Refusal{Reason: event.Invalid, Detail: "data comes to an MRR that is out of range: check quantity, unit_amount and interval"})
			return nil
		}
		f.gate.Accept(j)
		if err := f.take(e, mrr, j.Record.Offset); err != nil {
			return fmt.Errorf("fold %s@%d: %w", f.config.Source, j.Record.Offset, err)
		}
	}
	return nil
}

// maxGross bounds the MRR of all changes of a partition (DEFINITIONS M8), so that
// no sum that a view or net_new_arr takes leaves Decimal(38,12): 6 x 10^24.
var maxGross, _ = money.FromInt(6_000_000_000_000_000_000).MulInt(1_000_000)

var errOverflow = errors.New("the MRR of all changes adds up to more than 6 x 10^24; no row could be trusted")

// take puts an accepted change where it belongs.
func (f *Fold) take(e *event.Event, mrr money.Amount, offset stream.Offset) error {
	var ok bool
	if f.gross, ok = f.gross.Add(mrr); !ok || f.gross.Cmp(maxGross) > 0 {
		return errOverflow
	}
	s := e.Subscription
	f.accepted = append(f.accepted, rows.SubscriptionChange{
		Account: e.Account, Time: e.Time, State: *s, MRR: mrr, Source: e.Source, ID: e.ID, Version: offset,
	})
	a := f.account(e.Account)
	c := &change{
		time: e.Time, offset: offset, subscription: a.subscription(s.ID), status: s.Status, mrr: mrr,
		plan: plan{line: s.Line, plan: s.Plan, segment: s.Segment, region: s.Region, currency: s.Currency},
	}
	f.insert(a, c)
	f.inserted = append(f.inserted, c)
	return nil
}

// insert puts a change into its account's timeline, and takes what it changes
// into the movements, the MRR and the ledgers.
func (f *Fold) insert(a *account, c *change) {
	before, after := c.subscription.around(c)
	f.shift(a, before, c, c.time, c.offset)
	if after != nil { // it no longer comes after what came before c
		f.unshift(a, before, after.time, c)
	} else {
		f.isLatest(c)
	}
	f.derive(a, c)
}

// isLatest notes that a subscription's row is now c.
func (f *Fold) isLatest(c *change) {
	if _, known := f.latest[c.subscription]; !known {
		f.current = append(f.current, c.subscription)
	}
	f.latest[c.subscription] = c.offset
}

// shift books, at an instant, that a subscription goes from before (nil: it did
// not exist) to after.
func (f *Fold) shift(a *account, before, after *change, at event.Time, offset stream.Offset) {
	if before != nil {
		f.book(a, before, at, -1, offset)
	}
	f.book(a, after, at, +1, offset)
}

// unshift books, at the time of the next change, what the insertion of c before
// it alters: the step to the next change now starts from c.
func (f *Fold) unshift(a *account, before *change, at event.Time, c *change) {
	if before != nil {
		f.book(a, before, at, +1, c.offset)
	}
	f.book(a, c, at, -1, c.offset)
}

// book adds a state's MRR at an instant to its series and ledger (sign +1), or
// takes it off (-1).
func (f *Fold) book(a *account, c *change, at event.Time, sign int64, offset stream.Offset) {
	if c.mrr.IsZero() {
		return
	}
	delta := c.mrr
	if sign < 0 {
		delta = delta.Neg()
	}
	s := f.seriesOf(c.plan)
	if len(s.dirty) == 0 {
		f.touched = append(f.touched, s)
	}
	s.add(calendar.HourOf(at), delta, sign, offset, f.gate.Flushed(), f.closed)
	l := f.ledger(a, c.plan)
	d := calendar.DayOf(at)
	f.netnew.Touch(l.Ledger, d, offset)
	l.add(d, delta)
}

func (f *Fold) account(name event.Account) *account {
	a := f.byAccount[name]
	if a == nil {
		a = &account{name: name, subscriptions: map[string]*subscription{}, ledgers: map[ledgerKey]*ledger{}}
		f.byAccount[name] = a
		f.accounts = append(f.accounts, a)
	}
	return a
}

func (f *Fold) seriesOf(p plan) *series {
	s := f.bySeries[p]
	if s == nil {
		s = &series{plan: p}
		f.bySeries[p] = s
		f.series = append(f.series, s)
	}
	return s
}

func (f *Fold) ledger(a *account, p plan) *ledger {
	l := a.ledger(p)
	if l == nil {
		l = &ledger{account: a, line: p.line, currency: p.currency}
		l.Ledger = f.netnew.Add(p.line, p.currency, l)
		a.ledgers[ledgerKey{p.line, p.currency}] = l
	}
	return l
}
