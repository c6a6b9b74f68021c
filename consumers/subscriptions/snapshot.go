package subscriptions

import (
	"fmt"
	"iter"

	"runrate/consumers/netnew"
	"runrate/consumers/state"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
)

// partChanges is how many changes one part of a snapshot holds, about 250 KB.
const partChanges = 2000

// parts collects a snapshot in parts of bounded size.
type parts struct {
	part  *snapshot.SubscriptionState
	size  int
	yield func(*snapshot.Record) bool
	done  bool
}

func (p *parts) grew() {
	if p.size++; p.size >= partChanges {
		p.flush()
	}
}

func (p *parts) flush() {
	p.done = p.done || !p.yield(&snapshot.Record{State: &snapshot.Record_Subscriptions{Subscriptions: p.part}})
	p.part, p.size = &snapshot.SubscriptionState{}, 0
}

// Snapshot is the state in parts to be restored in this order: all of it, or
// with delta only what changed since the last Done. It is called after Changes
// and before Done. The last part has the progress. What is not in it (movements,
// MRR by hour, ledgers' days) follows from the changes.
func (f *Fold) Snapshot(delta bool) iter.Seq[*snapshot.Record] {
	return func(yield func(*snapshot.Record) bool) {
		p := &parts{part: &snapshot.SubscriptionState{}, yield: yield}
		if delta {
			for _, c := range f.inserted {
				p.change(c, false)
			}
			for _, fresh := range f.netnew.Fresh() {
				p.ledger(fresh.Values.(*ledger))
			}
		} else {
			f.allParts(p)
		}
		p.part.Progress = f.gate.Encode()
		p.flush()
	}
}

func (f *Fold) allParts(p *parts) {
	for _, a := range f.accounts {
		for _, s := range a.subscriptions {
			if s.base != nil {
				p.change(s.base, true)
			}
		}
		for _, c := range a.changes {
			p.change(c, false)
		}
		for _, l := range a.ledgers {
			p.ledger(l)
		}
		if p.done {
			return
		}
	}
}

func (p *parts) change(c *change, base bool) {
	p.part.Changes = append(p.part.Changes, &snapshot.Change{
		Account: string(c.subscription.account.name), Subscription: c.subscription.id, Base: base,
		Time: int64(c.time), Offset: int64(c.offset), Line: c.plan.line, Plan: c.plan.plan, Segment: c.plan.segment,
		Region: c.plan.region, Currency: c.plan.currency, Status: int32(c.status), Mrr: state.Encode(c.mrr),
	})
	p.grew()
}

func (p *parts) ledger(l *ledger) {
	out := &snapshot.MRRLedger{Account: string(l.account.name), Line: l.line, Currency: l.currency, EverPositive: l.everPositive}
	if l.First != netnew.Never {
		first := int32(l.First)
		out.First = &first
	}
	p.part.Ledgers = append(p.part.Ledgers, out)
	p.grew()
}

// Restore takes the next part of a snapshot into a fold that has not stepped.
// Restored must follow the last part.
func (f *Fold) Restore(record *snapshot.Record) error {
	part := record.GetSubscriptions()
	if part == nil {
		return fmt.Errorf("restore %s: the snapshot is not of a subscription fold", f.config.Source)
	}
	for _, in := range part.Changes {
		a := f.account(event.Account(in.Account))
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
	for _, in := range part.Ledgers {
		l := f.ledger(f.account(event.Account(in.Account)), plan{line: in.Line, currency: in.Currency})
		l.everPositive = in.EverPositive
		l.First = netnew.Never
		if in.First != nil {
			l.First = calendar.Day(*in.First)
		}
	}
	if part.Progress != nil {
		f.gate.Restore(part.Progress)
	}
	return nil
}

// Restored derives what follows from the parts: the movements and sums, the
// MRR by hour and day, and the totals of the midnights that can be amended.
func (f *Fold) Restored() {
	for _, a := range f.accounts {
		f.rebuild(a)
	}
	f.moved = f.moved[:0]
	for _, s := range f.touched {
		s.dirty = s.dirty[:0]
	}
	f.touched = f.touched[:0]
	f.closed = f.gate.Passed()
	f.advance(0, f.closed)
	f.forget(f.closed.Midnight())
	f.netnew.Restore(f.closed.Midnight())
}

// restored stands for the offset of a record before the batch to come.
const restored stream.Offset = -1

// rebuild books an account's bases and changes, in order, into a fold that has
// passed no boundary.
func (f *Fold) rebuild(a *account) {
	for _, s := range a.subscriptions {
		if b := s.base; b != nil && !b.mrr.IsZero() {
			f.gross, _ = f.gross.Add(b.mrr)
			f.seriesOf(b.plan).sum.add(level{b.mrr, 1}, +1)
			l := f.ledger(a, b.plan)
			l.sum, _ = l.sum.Add(b.mrr)
			l.base, _ = l.base.Add(b.mrr)
		}
	}
	f.derivations++
	for _, c := range a.changes {
		f.gross, _ = f.gross.Add(c.mrr)
		before, _ := c.subscription.around(c)
		f.shift(a, before, c, c.time, restored)
		f.rederive(c, a.changes[0])
		for i := range c.moves {
			c.moves[i].touched = restored
		}
	}
}
