package oracle

import (
	"math/big"
	"strings"
)

// rateSet is a set of exchange rates as published.
type rateSet struct {
	published int64
	reference string
	rates     []exchange
}

// exchange is what one unit of a currency is worth in the reference from an instant on.
type exchange struct {
	currency string
	from     int64
	worth    *big.Rat
}

var dearest = big.NewRat(1_000_000_000, 1)

// parseRates reads and validates a set of rates; false if any of it is not as it must
// be.
func parseRates(o object) (rateSet, bool) {
	s := rateSet{reference: o.str("reference", "")}
	list, isList := o["rates"].([]any)
	if o.str("version", "") == "" || !currency(s.reference) || !isList {
		return s, false
	}
	for _, item := range list {
		m, _ := item.(map[string]any)
		next := exchange{currency: object(m).str("currency", "")}
		var ok1, ok2 bool
		next.from, ok1 = micros(object(m).str("effective_from", ""))
		next.worth, ok2 = decimal(object(m).str("rate", ""))
		if !ok1 || !ok2 || !currency(next.currency) || next.currency == s.reference ||
			next.from < 0 || next.from >= endOfTime || next.worth.Sign() <= 0 || next.worth.Cmp(dearest) > 0 {
			return s, false
		}
		for _, other := range s.rates {
			if other.currency == next.currency && other.from == next.from {
				return s, false
			}
		}
		s.rates = append(s.rates, next)
	}
	return s, true
}

// at is the rate of a currency in force at an instant, nil if it has none: that of the
// reference is 1 from 1970 on.
func (s *rateSet) at(code string, when int64) *big.Rat {
	if s == nil {
		return nil
	}
	if code == s.reference {
		return big.NewRat(1, 1)
	}
	var best *exchange
	for i, r := range s.rates {
		if r.currency == code && r.from <= when && (best == nil || r.from > best.from) {
			best = &s.rates[i]
		}
	}
	if best == nil {
		return nil
	}
	return best.worth
}

// convert is an amount at the rates of an instant; nothing is worth nothing without a
// rate, too. It is nil where a rate is missing.
func (w *world) convert(amount, from string, when int64) *big.Int {
	n := parseText(amount)
	if n.Sign() == 0 {
		return n
	}
	worth, asked := w.rates.at(from, when), w.rates.at(w.opts.In, when)
	if worth == nil || asked == nil {
		return nil
	}
	x := new(big.Rat).Mul(whole(n), worth)
	return round(x.Quo(x, asked))
}

// parseText is text, read back.
func parseText(s string) *big.Int {
	n, ok := new(big.Int).SetString(strings.Replace(s, ".", "", 1), 10)
	if !ok {
		panic("oracle: no amount: " + s)
	}
	return n
}

// converted is the rows of a view with an as_of, a line, a currency and amounts, in
// the currency asked for: each amount at the rates of as_of less its lag, rounded, and
// then summed over the currencies. total makes the columns of a row of the sums.
func (w *world) converted(rows []string, lag func(column int) int64, total func([]*big.Int) []*big.Int) []string {
	sums := map[string][]*big.Int{}
	without := map[string]bool{}
	for _, r := range rows {
		cells := strings.Split(r, "\t")
		key := row(cells[0], cells[1], w.opts.In)
		at, _ := micros(cells[0])
		if sums[key] == nil {
			sums[key] = make([]*big.Int, len(cells)-3)
			for i := range sums[key] {
				sums[key][i] = new(big.Int)
			}
		}
		for i, amount := range cells[3:] {
			if n := w.convert(amount, cells[2], at-lag(i)); n == nil {
				without[key] = true
			} else {
				sums[key][i].Add(sums[key][i], n)
			}
		}
	}
	var out []string
	for key, s := range sums {
		if !without[key] {
			columns := []string{key}
			for _, n := range total(s) {
				columns = append(columns, text(n))
			}
			out = append(out, row(columns...))
		}
	}
	return out
}

// arrIn is arr in the currency asked for.
func (w *world) arrIn(arr []string) []string {
	return w.converted(arr, func(int) int64 { return 0 }, func(s []*big.Int) []*big.Int {
		return []*big.Int{s[0], s[1], new(big.Int).Add(s[0], s[1])}
	})
}

// netNewIn is net_new_arr in the currency asked for, whose opening is at the rates of
// then, and what the rates moved.
func (w *world) netNewIn(netNew []string) []string {
	lag := func(column int) int64 {
		if column == 0 { // opening
			return span
		}
		return 0
	}
	return w.converted(netNew, lag, func(s []*big.Int) []*big.Int {
		net := new(big.Int)
		for _, movement := range s[1:6] {
			net.Add(net, movement)
		}
		fx := new(big.Int).Sub(s[6], s[0])
		return append(s[:7:7], net, fx.Sub(fx, net))
	})
}

// fxMissing is the rows of arr that have an amount and no rate.
func (w *world) fxMissing(arr []string) []string {
	var out []string
	for _, r := range arr {
		cells := strings.Split(r, "\t")
		at, _ := micros(cells[0])
		something := parseText(cells[3]).Sign() != 0 || parseText(cells[4]).Sign() != 0
		if something && w.rates.at(cells[2], at) == nil {
			out = append(out, row(cells[0], cells[1], cells[2]))
		}
	}
	return out
}
