// Package subscriptions is the subscription fold: it turns the records of one
// partition of runrate.subscriptions into the rows of subscriptions,
// mrr_movements, mrr, net_new_arr (its subscription part), dead_letters and
// accounting.
//
// Like the usage fold it is the State of a partition (package fold), without a
// clock or I/O.
//
// A change of a subscription replaces what held from its time on, up to the
// next change of that subscription. Follow one from Take to insert: it goes
// into its account's timeline by event time, the movements from there on are
// derived again (movements.go), and what it adds and takes away goes into the
// MRR by hour (mrr.go) and into the account's holding by day (netnew). Close
// (closed.go) yields what the batch changed.
package subscriptions

import (
	"runrate/consumers/fold"
	"runrate/consumers/intake"
	"runrate/consumers/late"
	"runrate/consumers/netnew"
	"runrate/consumers/state"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// Fold is the state of one partition. One goroutine owns it.
type Fold struct {
	counts    counting
	first     stream.Offset // of the batch: what is below it is flushed
	closed    calendar.Hour // the last boundary passed as of the last flush; 0 before the first tick
	accounts  []*account
	byAccount map[event.Account]*account
	series    []*series
	bySeries  map[plan]*series
	netnew    *netnew.Tracker[*holding]
	late      late.Ledger
	gross     money.Amount // MRR of all changes folded

	// Of this batch.
	accepted      []rows.SubscriptionChange
	inserted      []*change
	latest        map[*subscription]struct{} // subscriptions whose latest change it brought
	current       []*subscription            // the same, in the order they came
	moved         []*change                  // whose movements it changed
	touchedSeries []*series
}

var _ fold.State = (*Fold)(nil)

// Control does nothing: control records but the tick are of no concern here.
func (f *Fold) Control(*intake.Judged) {}

// Take books a change, or refuses one whose MRR is out of range. An error is a sum
// beyond all bounds.
func (f *Fold) Take(j *intake.Judged) (*event.Refusal, error) {
	mrr, ok := f.counts.mrr(j.Event.Subscription)
	if !ok {
		return &event.Refusal{Reason: event.Invalid, Detail: "data comes to an MRR that is out of range: check quantity, unit_amount and interval"}, nil
	}
	f.late.Clock(j.Clock)
	return nil, f.take(&j.Event, mrr, j.Record.Offset)
}

// maxGross bounds the MRR of all changes of a partition (DEFINITIONS M8), so that
// no sum that a view takes leaves Decimal(38,12): 6 x 10^24.
var maxGross = money.FromInt(6_000_000_000_000_000_000).Times(1_000_000)

var errTooMuch = state.TooMuch("the MRR of all changes", state.KeyBound)

// take puts an accepted change where it belongs.
func (f *Fold) take(e *event.Event, mrr money.Amount, offset stream.Offset) error {
	if f.gross = f.gross.Plus(mrr); !f.gross.InRange() || f.gross.Cmp(maxGross) > 0 {
		return errTooMuch
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
	f.inserted = append(f.inserted, c)
	return f.insert(a, c)
}

// insert puts a change into its account's timeline, and takes what it changes
// into the movements, the MRR and the holdings. The error is a sum that has
// overflowed.
func (f *Fold) insert(a *account, c *change) error {
	before, after := c.subscription.around(c)
	f.book(a, steps(before, c), c.time, c.offset)
	if after != nil { // it now comes after c and no longer after what is before c
		f.book(a, steps(c, before), after.time, c.offset)
	} else {
		f.isLatest(c)
	}
	return f.derive(a, c)
}

// isLatest notes that a subscription's row is now c.
func (f *Fold) isLatest(c *change) {
	if _, known := f.latest[c.subscription]; !known {
		f.current = append(f.current, c.subscription)
	}
	f.latest[c.subscription] = struct{}{}
}

// book takes steps at an instant into the series and the account's holdings.
func (f *Fold) book(a *account, steps []step, at event.Time, offset stream.Offset) {
	for _, step := range steps {
		s := f.seriesOf(step.state.plan)
		if len(s.touched) == 0 {
			f.touchedSeries = append(f.touchedSeries, s)
		}
		s.add(calendar.HourOf(at), step, offset, f.first, f.closed)
		h := a.hold(f.netnew, step.state.plan)
		f.netnew.Change(h.Holding, calendar.DayOf(at), offset, step.delta())
		f.late.Add(step.state.plan.line, step.state.plan.currency, calendar.DayOf(at), offset, step.delta())
	}
}

func (f *Fold) account(name event.Account) *account {
	a := f.byAccount[name]
	if a == nil {
		a = &account{name: name, subscriptions: map[string]*subscription{}, holdings: map[holdingKey]*holding{}}
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
