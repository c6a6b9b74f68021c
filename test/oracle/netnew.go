package oracle

import "math/big"

// span is how far back net_new_arr looks.
const span = 30 * day

// holding is one account's ARR of one kind in one line and currency, at every
// midnight from its first event on.
type holding struct {
	start  int64 // the first midnight; before it the value is 0
	values []*big.Int
}

func (h holding) at(midnight int64) *big.Int {
	if i := (midnight - h.start) / day; midnight >= h.start && i < int64(len(h.values)) {
		return h.values[i]
	}
	return new(big.Int)
}

// first is the first midnight with a value above 0.
func (h holding) first() int64 {
	for i, v := range h.values {
		if v.Sign() > 0 {
			return h.start + int64(i)*day
		}
	}
	return endOfTime
}

// hold evaluates a holding at every midnight that is passed.
func hold(facts []*fact, passed int64, value func(midnight int64) *big.Int) holding {
	h := holding{start: endOfTime}
	for _, f := range facts {
		h.start = min(h.start, f.time/day*day+day)
	}
	for m := h.start; m <= passed; m += day {
		h.values = append(h.values, value(m))
	}
	return h
}

// The five movements, in the order of their columns.
const (
	isNew = iota
	isExpansion
	isReactivation
	isContraction
	isChurn
)

// classify names the movement of a holding between two midnights.
func classify(before, now *big.Int, first, from int64) int {
	switch {
	case before.Sign() <= 0 && now.Sign() > 0 && first > from:
		return isNew
	case before.Sign() <= 0 && now.Sign() > 0:
		return isReactivation
	case now.Sign() <= 0 && before.Sign() > 0:
		return isChurn
	case now.Cmp(before) > 0:
		return isExpansion
	}
	return isContraction
}

// holdings are those of all accounts in a line and currency, of both kinds.
func (w *world) holdings(usage, changes []*fact, pair string, passed int64) []holding {
	account := func(f *fact) string { return f.account }
	var list []holding
	for _, facts := range groups(usage, account) {
		list = append(list, hold(facts, passed, func(m int64) *big.Int { return w.usageRevenue(facts, m) }))
	}
	for _, facts := range groups(changes, account) {
		list = append(list, hold(facts, passed, func(m int64) *big.Int { return recurring(facts, pair, m) }))
	}
	return list
}

func (w *world) netNewARR() []string {
	pairs, usage, changes := w.lineFacts()
	passed := w.bothPassed()
	var rows []string
	for _, pair := range pairs {
		holdings := w.holdings(usage[pair], changes[pair], pair, passed)
		start := endOfTime
		for _, h := range holdings {
			start = min(start, h.start)
		}
		for t := start; t <= passed; t += day {
			if w.opts.AsOf != nil && !w.opts.AsOf(t) {
				continue
			}
			if !w.arrAt(usage[pair], changes[pair], pair, t).exists &&
				!w.arrAt(usage[pair], changes[pair], pair, t-span).exists {
				continue
			}
			rows = append(rows, row(w.stamp(t), pair, netNew(holdings, t)))
		}
	}
	return rows
}

// netNew is the columns opening … net_new of a line and currency.
func netNew(holdings []holding, asOf int64) string {
	opening, closing := new(big.Int), new(big.Int)
	var moved [5]big.Int
	for _, h := range holdings {
		before, now := h.at(asOf-span), h.at(asOf)
		opening.Add(opening, before)
		closing.Add(closing, now)
		sum := &moved[classify(before, now, h.first(), asOf-span)]
		sum.Add(sum, new(big.Int).Sub(now, before))
	}
	net := new(big.Int).Sub(closing, opening)
	return row(text(opening), text(&moved[isNew]), text(&moved[isExpansion]), text(&moved[isReactivation]),
		text(&moved[isContraction]), text(&moved[isChurn]), text(closing), text(net))
}
