package subscriptions

import (
	"runrate/internal/money"
	"runrate/internal/stream"
)

// The movements of MRR (DEFINITIONS S5).
const (
	movedNew          = "new"
	movedExpansion    = "expansion"
	movedReactivation = "reactivation"
	movedContraction  = "contraction"
	movedChurn        = "churn"
)

// movement is what a change does to the MRR of its account in one line and
// currency. Kind is "" where a re-derivation left nothing; such a one is kept
// until its row is written, to hide what was there.
type movement struct {
	holding *holding
	kind    string
	amount  money.Amount
	touched stream.Offset // the last record that changed it
}

// derive places a change and derives the movements from it on (DEFINITIONS S6).
// It walks back from the end of the timeline and forward again: a change in order
// costs one step, one out of order as many as come after it. Of those only the
// next of its subscription moves by another amount; for the others a step is an
// addition.
func (f *Fold) derive(a *account, c *change) {
	at := a.put(c)
	f.derivations++
	for i := len(a.changes) - 1; i > at; i-- {
		for _, m := range a.changes[i].moves {
			f.meet(m.holding, c)
			m.holding.running = m.holding.running.Minus(m.amount)
		}
	}
	f.rederive(c, c)
	_, after := c.subscription.around(c)
	for _, later := range a.changes[at+1:] {
		if later == after {
			f.rederive(later, c)
		} else {
			f.rename(later, c)
		}
	}
}

// rename names a change's movements again, whose amounts are as they were.
func (f *Fold) rename(c, cause *change) {
	first := f.first
	pending, changed := false, false
	for i := range c.moves {
		m := &c.moves[i]
		pending = pending || m.touched >= first
		kind := m.holding.move(c, m.amount)
		m.holding.sum = m.holding.running
		if kind != m.kind {
			m.kind, m.touched, changed = kind, cause.offset, true
		}
	}
	if changed && !pending {
		f.moved = append(f.moved, c)
	}
}

// meet readies a holding for the derivation from c on: its running sum is the
// one at the end of the timeline.
func (f *Fold) meet(l *holding, c *change) {
	if l.stamp == f.derivations {
		return
	}
	l.stamp = f.derivations
	l.running = l.sum
	if l.rose != nil && order(l.rose, c) >= 0 {
		l.rose = nil // to be found again
	}
}

// rederive replaces a change's movements, the running sums of the holdings being
// those before it. What is different now is due to the insertion of cause.
func (f *Fold) rederive(c, cause *change) {
	before, _ := c.subscription.around(c)
	now := make([]movement, 0, 2)
	for _, s := range steps(before, c) {
		h := c.subscription.account.holding(s.state.plan)
		f.meet(h, cause)
		if len(now) > 0 && now[0].holding == h {
			now[0].amount = now[0].amount.Plus(s.delta())
		} else {
			now = append(now, movement{holding: h, amount: s.delta()})
		}
	}
	for i := range now {
		now[i].kind = now[i].holding.move(c, now[i].amount)
	}
	for _, m := range now {
		m.holding.sum = m.holding.running // right at the last one, which is when it is read
	}
	f.replace(c, now, cause.offset)
}

// move takes a step of the running sum and names it (DEFINITIONS S5).
func (h *holding) move(c *change, amount money.Amount) string {
	was := h.running.Sign()
	h.running = h.running.Plus(amount)
	is := h.running.Sign()
	ever := h.everPositive || h.rose != nil
	if is > 0 && h.rose == nil {
		h.rose = c
	}
	switch {
	case amount.IsZero():
		return ""
	case was <= 0 && is > 0 && !ever:
		return movedNew
	case was <= 0 && is > 0:
		return movedReactivation
	case is <= 0:
		return movedChurn
	case amount.Sign() > 0:
		return movedExpansion
	default:
		return movedContraction
	}
}

// replace puts a change's movements as they are now in place of those it had.
func (f *Fold) replace(c *change, now []movement, offset stream.Offset) {
	first := f.first
	pending := false // a row of c is to be written already
	for _, m := range c.moves {
		pending = pending || m.touched >= first
	}
	changed := false
	out := c.moves[:0]
	for _, old := range c.moves {
		is := movement{holding: old.holding}
		for _, m := range now {
			if m.holding == old.holding {
				is = m
			}
		}
		is.touched = old.touched
		if is.kind != old.kind || is.amount != old.amount {
			is.touched = offset
			changed = true
		}
		out = append(out, is)
	}
	for _, m := range now {
		known := false
		for _, old := range out {
			known = known || old.holding == m.holding
		}
		if !known && m.kind != "" {
			m.touched = offset
			changed = true
			out = append(out, m)
		}
	}
	c.moves = out
	if changed && !pending {
		f.moved = append(f.moved, c)
	}
}

// dropEmpty drops the movements that are nothing, once their rows are written.
func (c *change) dropEmpty() {
	out := c.moves[:0]
	for _, m := range c.moves {
		if m.kind != "" {
			out = append(out, m)
		}
	}
	c.moves = out
}
