package subscriptions

import (
	"errors"

	"runrate/consumers/fold"
	"runrate/consumers/netnew"
	"runrate/consumers/state"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
	snapshot "runrate/schemas/snapshot/v1"
)

// Blank is a fold before its first record, or on its way back from a snapshot.
type Blank struct {
	fold   *Fold // without its tracker
	netnew *netnew.Restoring[*holding]
}

var _ fold.Blank = (*Blank)(nil)

// monthsPerYear makes MRR annual (DEFINITIONS A2).
const monthsPerYear = 12

// New returns the fold before its first record. The statuses whose MRR counts must be
// the same for the whole log.
func New(statuses definitions.Statuses) *Blank {
	f := &Fold{
		counts:    countingOf(statuses),
		byAccount: map[event.Account]*account{},
		bySeries:  map[plan]*series{},
		latest:    map[*subscription]struct{}{},
	}
	return &Blank{fold: f, netnew: netnew.Restore[*holding](netnew.Measure{Factor: monthsPerYear})}
}

// restored stands for the offset of a record before the batch to come.
const restored stream.Offset = -1

// Restore takes the next part of a snapshot.
func (b *Blank) Restore(record *snapshot.Record) error {
	part := record.GetSubscriptions()
	if part == nil {
		return errors.New("the snapshot is not of a subscription fold")
	}
	b.fold.late.Restore(part.Late)
	for _, in := range part.Changes {
		b.change(in)
	}
	for _, in := range part.Holdings {
		h := b.fold.account(event.Account(in.Account)).hold(b.netnew, plan{line: in.Line, currency: in.Currency})
		h.everPositive = in.EverPositive
		b.netnew.SetFirst(h.Holding, calendar.Day(in.GetFirst()), in.First != nil)
	}
	return nil
}

func (b *Blank) change(in *snapshot.Change) {
	a := b.fold.account(event.Account(in.Account))
	c := &change{
		time: event.Time(in.Time), offset: stream.Offset(in.Offset), subscription: a.subscription(in.Subscription),
		plan:   plan{line: in.Line, plan: in.Plan, segment: in.Segment, region: in.Region, currency: in.Currency},
		status: event.Status(in.Status), mrr: state.Decode(in.Mrr),
	}
	if in.Base {
		c.subscription.base = c
	} else {
		a.put(c)
	}
}

// Ready derives what follows from the parts: the movements and sums, the MRR by
// hour and day, and the totals of the midnights that can be amended. The Blank is
// used up.
func (b *Blank) Ready(next stream.Offset, passed calendar.Hour) fold.State {
	f := b.fold
	for _, a := range f.accounts {
		b.rebuild(a)
	}
	f.advance(0, passed)
	f.forget(passed.Midnight())
	f.netnew = b.netnew.Ready(passed.Midnight())
	f.first, f.closed = next, passed
	b.fold, b.netnew = nil, nil
	return f
}

// rebuild books an account's bases and changes, in order, into a fold that has
// passed no boundary.
func (b *Blank) rebuild(a *account) {
	f := b.fold
	for _, s := range a.subscriptions {
		if base := s.base; base != nil && !base.mrr.IsZero() {
			f.gross = f.gross.Plus(base.mrr)
			f.seriesOf(base.plan).sum.add(level{base.mrr, 1}, +1)
			h := a.hold(b.netnew, base.plan)
			h.sum = h.sum.Plus(base.mrr)
			b.netnew.AddPast(h.Holding, base.mrr)
		}
	}
	var d derivation // nothing has risen yet that was to be found again
	for _, c := range a.changes {
		f.gross = f.gross.Plus(c.mrr)
		before, _ := c.subscription.around(c)
		for _, s := range steps(before, c) {
			f.seriesOf(s.state.plan).pane(calendar.HourOf(c.time)).delta.add(level{s.state.mrr, 1}, s.sign)
			b.netnew.Add(a.hold(b.netnew, s.state.plan).Holding, calendar.DayOf(c.time), s.delta())
		}
		for _, m := range d.step(c, c.amounts()) {
			if m.kind != nothing {
				m.touchedBy = restored
				c.moves = append(c.moves, m)
			}
		}
	}
	d.end()
}
