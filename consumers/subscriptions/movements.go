package subscriptions

import (
	"fmt"

	"runrate/consumers/state"
	"runrate/internal/money"
	"runrate/internal/stream"
)

// kind is the kind of a movement of MRR (DEFINITIONS S5).
type kind uint8

const (
	nothing kind = iota
	movedNew
	movedExpansion
	movedReactivation
	movedContraction
	movedChurn
)

// String returns the kind as rows name it, "" where nothing moved.
func (k kind) String() string {
	return [...]string{"", "new", "expansion", "reactivation", "contraction", "churn"}[k]
}

// movement is what a change does to the MRR of its account in one line and
// currency. One that became nothing is kept until its row is written, to hide what
// was there.
type movement struct {
	holding   *holding
	amount    money.Amount
	kind      kind
	touchedBy stream.Offset // the last record that it came out different for
}

// kindOf names the movement of a sum from was to is; ever is whether it was above
// 0 before.
func kindOf(was, is money.Amount, ever bool) kind {
	switch {
	case is == was:
		return nothing
	case was.Sign() <= 0 && is.Sign() > 0 && !ever:
		return movedNew
	case was.Sign() <= 0 && is.Sign() > 0:
		return movedReactivation
	case is.Sign() <= 0:
		return movedChurn
	case is.Cmp(was) > 0:
		return movedExpansion
	default:
		return movedContraction
	}
}

// derive places a change and derives the movements from it on (DEFINITIONS S6). A
// change in order costs one step, one out of order as many as come after it. Of
// those only the next of its subscription moves by another amount; for the others
// a step is an addition. The error is a sum that has overflowed.
func (f *Fold) derive(a *account, c *change) error {
	at := a.put(c)
	_, after := c.subscription.around(c)
	d := derivation{from: c}
	d.back(a.changes[at+1:])
	for _, x := range a.changes[at:] {
		amounts := x.moves
		if x == c || x == after {
			amounts = x.amounts()
		}
		f.note(x, d.step(x, amounts), c.offset)
	}
	d.end()
	for _, h := range d.met {
		if !h.sum.InRange() {
			return state.TooMuch(fmt.Sprintf("the MRR of account %.80q, line %q in %s,", a.name, h.Line(), h.Currency()), state.AmountBound)
		}
	}
	return nil
}

// amounts returns what a change adds to the account's holdings and takes from
// them: movements without a kind.
func (c *change) amounts() []movement {
	before, _ := c.subscription.around(c)
	out := make([]movement, 0, 2)
	for _, s := range steps(before, c) {
		h := c.subscription.account.holding(s.state.plan)
		if len(out) > 0 && out[0].holding == h {
			out[0].amount = out[0].amount.Plus(s.delta())
		} else {
			out = append(out, movement{holding: h, amount: s.delta()})
		}
	}
	return out
}

// note puts what a change's movements are now in place of what they were. Those
// that differ are touched by cause, and the change is one whose rows are to be
// written.
func (f *Fold) note(c *change, now []movement, cause stream.Offset) {
	pending, changed := false, false // its rows were to be written before; they are now
	for i := range c.moves {
		was, is := &c.moves[i], find(now, c.moves[i].holding)
		pending = pending || was.touchedBy >= f.first
		if is == nil {
			is = &movement{}
		}
		if is.kind != was.kind || is.amount != was.amount {
			was.kind, was.amount, was.touchedBy = is.kind, is.amount, cause
			changed = true
		}
	}
	for _, m := range now {
		if m.kind != nothing && find(c.moves, m.holding) == nil {
			m.touchedBy = cause
			c.moves = append(c.moves, m)
			changed = true
		}
	}
	if changed && !pending {
		f.moved = append(f.moved, c)
	}
}

// find finds the movement of a holding, nil if there is none.
func find(moves []movement, h *holding) *movement {
	for i := range moves {
		if moves[i].holding == h {
			return &moves[i]
		}
	}
	return nil
}

// dropEmpty drops the movements that are nothing, once their rows are written.
func (c *change) dropEmpty() {
	out := c.moves[:0]
	for _, m := range c.moves {
		if m.kind != nothing {
			out = append(out, m)
		}
	}
	c.moves = out
}

// derivation walks an account's timeline, from one change to the end, with the
// sums of the holdings that it meets.
type derivation struct {
	from *change
	met  []*holding
	now  []movement // of the last step
}

// back takes the sums back to before these changes, the last of the timeline.
func (d *derivation) back(later []*change) {
	for _, c := range later {
		for i := range c.moves {
			m := &c.moves[i]
			h := d.meet(m.holding)
			h.running = h.running.Minus(m.amount)
		}
	}
}

// step takes the sums on by what a change adds and takes away, and returns that
// with the kinds, until the next step.
func (d *derivation) step(c *change, amounts []movement) []movement {
	now := append(d.now[:0], amounts...)
	for i := range now {
		m := &now[i]
		h := d.meet(m.holding)
		was := h.running
		h.running = was.Plus(m.amount)
		m.kind = kindOf(was, h.running, h.everPositive || h.rose != nil)
		if h.rose == nil && h.running.Sign() > 0 {
			h.rose = c
		}
	}
	d.now = now
	return now
}

// meet returns a holding with the sum that the derivation has come to.
func (d *derivation) meet(h *holding) *holding {
	if !h.met {
		d.begin(h)
	}
	return h
}

// begin begins with a holding's sum at the end of the timeline.
func (d *derivation) begin(h *holding) {
	h.met, h.running = true, h.sum
	if h.rose != nil && order(h.rose, d.from) >= 0 {
		h.rose = nil // to be found again
	}
	d.met = append(d.met, h)
}

// end leaves the holdings with their sums at the end of the timeline.
func (d *derivation) end() {
	for _, h := range d.met {
		h.sum, h.met = h.running, false
	}
}
