package oracle

import "math/big"

// lineCurrency is the columns line and currency.
func (f *fact) lineCurrency() string { return row(f.line, f.currency) }

// movements asks of every change, for every line and currency its account ever
// had: what was the account's MRR there just before, what just after?
func (w *world) movements() []string {
	var rows []string
	byAccount := groups(w.where((*fact).isSubscription), func(f *fact) string { return f.account })
	for account, changes := range byAccount {
		for pair := range groups(changes, (*fact).lineCurrency) {
			after := map[*fact]*big.Int{}
			for _, f := range changes {
				after[f] = valueAfter(changes, f, pair)
			}
			for _, f := range changes {
				was, ever := before(changes, f, after)
				amount := new(big.Int).Sub(after[f], was)
				if amount.Sign() != 0 {
					rows = append(rows, row(eventTime(f.time), account, pair, f.subscription,
						movement(was, after[f], ever), text(amount)))
				}
			}
		}
	}
	return rows
}

// valueAfter is an account's MRR in a line and currency after change f.
func valueAfter(changes []*fact, f *fact, pair string) *big.Int {
	var until, there []*fact
	for _, g := range changes {
		if !f.before(g) {
			until = append(until, g)
		}
	}
	for _, g := range latest(until) {
		if g.lineCurrency() == pair {
			there = append(there, g)
		}
	}
	return monthly(there)
}

// before is the MRR after the change that precedes f, and whether the MRR was
// above 0 after any that precedes f.
func before(changes []*fact, f *fact, after map[*fact]*big.Int) (was *big.Int, ever bool) {
	was = new(big.Int)
	var last *fact
	for _, g := range changes {
		if !g.before(f) {
			continue
		}
		ever = ever || after[g].Sign() > 0
		if last == nil || last.before(g) {
			last, was = g, after[g]
		}
	}
	return was, ever
}

// movement names a change from one MRR to another.
func movement(was, is *big.Int, ever bool) string {
	switch {
	case is.Sign() == 0:
		return "churn"
	case was.Sign() == 0 && ever:
		return "reactivation"
	case was.Sign() == 0:
		return "new"
	case is.Cmp(was) > 0:
		return "expansion"
	}
	return "contraction"
}
