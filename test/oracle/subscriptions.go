package oracle

import (
	"cmp"
	"math/big"
	"slices"
)

// isSubscription says whether a fact is a change of a subscription.
func (f *fact) isSubscription() bool { return f.kind == "subscription.changed" }

// before says whether f comes before g in event-time order, ties by offset.
// Both are of one account, so of one partition.
func (f *fact) before(g *fact) bool {
	return cmp.Or(cmp.Compare(f.time, g.time), cmp.Compare(f.offset, g.offset)) < 0
}

// identity is what a subscription is known by.
func (f *fact) identity() string { return row(f.subscription, f.account) }

// latest is, for each subscription, the last of its changes.
func latest(changes []*fact) []*fact {
	var states []*fact
	for _, f := range changes {
		superseded := slices.ContainsFunc(changes, func(g *fact) bool {
			return g.account == f.account && g.subscription == f.subscription && f.before(g)
		})
		if !superseded {
			states = append(states, f)
		}
	}
	return states
}

// monthly is the MRR of some subscriptions together.
func monthly(states []*fact) *big.Int {
	sum := new(big.Int)
	for _, f := range states {
		sum.Add(sum, f.monthly)
	}
	return sum
}

func (w *world) subscriptions() []string {
	var rows []string
	for _, f := range latest(w.where((*fact).isSubscription)) {
		rows = append(rows, row(f.identity(), f.line, f.plan, f.status, f.segment, f.region, f.currency,
			text(f.monthly), eventTime(f.time)))
	}
	return rows
}

// mrr groups the latest changes with time < T.
func (w *world) mrr() []string {
	changes := w.where((*fact).isSubscription)
	plan := func(f *fact) string { return row(f.line, f.plan, f.segment, f.region, f.currency) }
	runs := w.runs(changes, forever, hour, w.subscriptionsPassed, func(in []*fact) []string {
		var columns []string
		for key, states := range groups(latest(in), plan) {
			paying := 0
			for _, f := range states {
				if f.monthly.Sign() > 0 {
					paying++
				}
			}
			if paying > 0 {
				columns = append(columns, row(key, text(monthly(states)), itoa(int64(paying))))
			}
		}
		return columns
	})
	return w.spread(runs, hour)
}
