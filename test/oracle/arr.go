package oracle

import (
	"math/big"
	"sort"
)

var arrWindow = window{"28d", 28 * day}

// usageRevenue is the revenue of the 28-day window, but for one-off adjustments, made a year's.
func (w *world) usageRevenue(facts []*fact, asOf int64) *big.Int {
	sum := new(big.Int)
	for _, f := range within(facts, asOf, arrWindow) {
		if !f.oneOff {
			sum.Add(sum, f.revenue)
		}
	}
	return times(sum, w.opts.Factor)
}

// recurring is 12 months of the MRR in a line and currency as of an instant.
// The changes are all of those of whole accounts, since one that moves a
// subscription elsewhere ends its MRR here.
func recurring(changes []*fact, pair string, asOf int64) *big.Int {
	var there []*fact
	for _, f := range latest(within(changes, asOf, forever)) {
		if f.lineCurrency() == pair {
			there = append(there, f)
		}
	}
	return times(monthly(there), 12)
}

// arrParts are the parts of arr for a line and currency as of an instant, and
// whether there is a row.
type arrParts struct {
	exists              bool
	usage, subscription *big.Int
}

func (w *world) arrAt(usage, changes []*fact, pair string, asOf int64) arrParts {
	p := arrParts{usage: w.usageRevenue(usage, asOf), subscription: recurring(changes, pair, asOf)}
	p.exists = len(within(usage, asOf, arrWindow)) > 0 || p.subscription.Sign() > 0
	return p
}

func (p arrParts) total() *big.Int { return new(big.Int).Add(p.usage, p.subscription) }

// lineFacts are, for every line and currency, its usage events, and all
// changes of any account that ever had a subscription there.
func (w *world) lineFacts() (pairs []string, usage, changes map[string][]*fact) {
	usage = groups(w.where((*fact).isUsage), (*fact).lineCurrency)
	all := w.where((*fact).isSubscription)
	changes = map[string][]*fact{}
	seen := map[string]bool{}
	for pair := range usage {
		seen[pair] = true
	}
	for pair, there := range groups(all, (*fact).lineCurrency) {
		seen[pair] = true
		accounts := groups(there, func(f *fact) string { return f.account })
		for _, f := range all {
			if accounts[f.account] != nil {
				changes[pair] = append(changes[pair], f)
			}
		}
	}
	for pair := range seen {
		pairs = append(pairs, pair)
	}
	sort.Strings(pairs)
	return pairs, usage, changes
}

func (w *world) arr() []string {
	pairs, usage, changes := w.lineFacts()
	passed := w.bothPassed()
	var runs []run
	for _, pair := range pairs {
		list := w.boundaries(usage[pair], arrWindow, hour, passed)
		list = append(list, w.boundaries(changes[pair], forever, hour, passed)...)
		sort.Slice(list, func(i, k int) bool { return list[i] < list[k] })
		for i, t := range list {
			end := passed + 1
			if i+1 < len(list) {
				end = list[i+1]
			}
			p := w.arrAt(usage[pair], changes[pair], pair, t)
			if p.exists && end > t {
				runs = append(runs, run{t, end, row(pair, text(p.usage), text(p.subscription), text(p.total()))})
			}
		}
	}
	return w.spread(runs, hour)
}
