package subscriptions

import (
	"iter"

	"runrate/consumers/state"
	snapshot "runrate/schemas/snapshot/v1"
)

// parts collects the state in parts.
type parts = state.Parts[snapshot.SubscriptionState]

// About how many bytes things encode to.
const (
	changeBytes  = 125
	holdingBytes = 50
)

// Snapshot returns the state in parts: all of it, or with delta only what the
// batch touched. The last part has the progress. What is not in it (movements,
// MRR by hour, holdings by day) follows from the changes.
func (c *closed) Snapshot(delta bool, progress *snapshot.Progress) iter.Seq[*snapshot.Record] {
	return state.InParts(recordOf, func(p *parts) {
		if delta {
			c.touchedParts(p)
		} else {
			c.allParts(p)
		}
		p.Part.Late, p.Part.Progress = c.fold.late.Encode(delta), progress
	})
}

func recordOf(s *snapshot.SubscriptionState) *snapshot.Record {
	return &snapshot.Record{State: &snapshot.Record_Subscriptions{Subscriptions: s}}
}

func (c *closed) touchedParts(p *parts) {
	for _, inserted := range c.fold.inserted {
		putChange(p, inserted, false)
	}
	for _, restated := range c.netnew.Restated() {
		putHolding(p, restated.Owner)
	}
}

func (c *closed) allParts(p *parts) {
	for _, a := range c.fold.accounts {
		for _, s := range a.subscriptions {
			if s.base != nil {
				putChange(p, s.base, true)
			}
		}
		for _, c := range a.changes {
			putChange(p, c, false)
		}
		for _, h := range a.holdings {
			putHolding(p, h)
		}
		if p.Stopped() {
			return
		}
	}
}

func putChange(p *parts, c *change, base bool) {
	p.Part.Changes = append(p.Part.Changes, &snapshot.Change{
		Account: string(c.subscription.account.name), Subscription: c.subscription.id, Base: base,
		Time: int64(c.time), Offset: int64(c.offset), Line: c.plan.line, Plan: c.plan.plan, Segment: c.plan.segment,
		Region: c.plan.region, Currency: c.plan.currency, Status: int32(c.status), Mrr: state.Encode(c.mrr),
	})
	p.Grew(changeBytes)
}

func putHolding(p *parts, h *holding) {
	out := &snapshot.MRRHolding{Account: string(h.account.name), Line: h.Line(), Currency: h.Currency(), EverPositive: h.everPositive}
	if midnight, ok := h.First(); ok {
		first := int32(midnight)
		out.First = &first
	}
	p.Part.Holdings = append(p.Part.Holdings, out)
	p.Grew(holdingBytes)
}
