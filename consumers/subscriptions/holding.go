package subscriptions

import (
	"runrate/consumers/netnew"
	"runrate/internal/money"
)

// holding is the MRR of one account in one line and currency over time.
type holding struct {
	*netnew.Holding[*holding] // by day, for net_new_arr
	account                   *account

	// For the movements: sum is the MRR after the last change.
	sum          money.Amount
	running      money.Amount // after the last step of the derivation that has met it
	met          bool         // by a derivation under way
	everPositive bool         // before the changes that are kept
	rose         *change      // the first kept change after which the sum is above 0
}

type holdingKey struct{ line, currency string }

// holder makes holdings: a netnew.Tracker, or one being restored.
type holder interface {
	Hold(line, currency string, owner *holding) *netnew.Holding[*holding]
}

// holding finds the account's holding in a plan's line and currency, nil if there
// is none.
func (a *account) holding(p plan) *holding { return a.holdings[holdingKey{p.line, p.currency}] }

// hold is holding, but makes it.
func (a *account) hold(in holder, p plan) *holding {
	h := a.holding(p)
	if h == nil {
		h = &holding{account: a}
		h.Holding = in.Hold(p.line, p.currency, h)
		a.holdings[holdingKey{p.line, p.currency}] = h
	}
	return h
}
