package pricebook

import (
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"runrate/internal/event"
)

// term is a drawn price or discount, for the model.
type term struct {
	from                event.Time
	price, cost         *big.Rat
	priceText, costText string
	unit                int64
}

// model is quantity x price / unit less percent, in 10^-12, half to even.
func model(quantity uint64, price *big.Rat, unit int64, percent *big.Rat) *big.Int {
	r := new(big.Rat).SetInt(new(big.Int).SetUint64(quantity))
	r.Mul(r, price).Quo(r, big.NewRat(unit, 1))
	r.Mul(r, new(big.Rat).Sub(big.NewRat(1, 1), new(big.Rat).Quo(percent, big.NewRat(100, 1))))
	r.Mul(r, big.NewRat(1_000_000_000_000, 1))
	up := new(big.Rat).Add(r, big.NewRat(1, 2))
	n := new(big.Int).Div(up.Num(), up.Denom())
	if up.IsInt() && n.Bit(0) == 1 {
		n.Sub(n, big.NewInt(1))
	}
	return n
}

// TestRateIsTheModel: Rate, with the look-up of price and discount, is what
// DEFINITIONS M3 and M4 say in rational arithmetic. Prices of a few 10^-12 at 50
// percent make ties.
func TestRateIsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// A decimal of digits x 10^-decimals, as text and as a number.
		decimal := func(label string, max int64, decimals int) (string, *big.Rat) {
			n := rapid.Int64Range(0, max).Draw(t, label)
			s := fmt.Sprintf("%0*d", decimals+1, n)
			s = s[:len(s)-decimals] + "." + s[len(s)-decimals:]
			r, _ := new(big.Rat).SetString(s)
			return s, r
		}
		instants := rapid.Permutation([]event.Time{-5, 0, 7, 1_000_000, 1_000_001}).Draw(t, "instants")
		units := []int64{1, 10, 1000, 1_000_000}

		meters := []string{"a", "b"}
		terms := map[string][]term{}
		text := `{"version":"1","currency":"EUR","products":[{"product":"p","line":"l","meters":{`
		for i, m := range meters {
			if i > 0 {
				text += ","
			}
			text += fmt.Sprintf("%q:[", m)
			for j := range rapid.IntRange(1, len(instants)).Draw(t, "prices") {
				tm := term{from: instants[j], unit: rapid.SampledFrom(units).Draw(t, "unit")}
				decimals := map[int64]int{1: 12, 10: 11, 1000: 9, 1_000_000: 6}[tm.unit]
				max := rapid.SampledFrom([]int64{9, 1_000_000_000}).Draw(t, "max")
				tm.priceText, tm.price = decimal("price", max, decimals)
				tm.costText, tm.cost = decimal("cost", max, decimals)
				terms[m] = append(terms[m], tm)
				if j > 0 {
					text += ","
				}
				text += fmt.Sprintf(`{"effective_from":%q,"unit":%d,"price":%q,"cost":%q}`, tm.from, tm.unit, tm.priceText, tm.costText)
			}
			text += "]"
		}
		var percent *big.Rat
		var percentText string
		if rapid.Bool().Draw(t, "tie") {
			percentText, percent = "50", big.NewRat(50, 1)
		} else {
			percentText, percent = decimal("percent", 100_000, 3)
		}
		text += fmt.Sprintf(`}}],"discounts":[{"account":"x","effective_from":%q,"percent":%q}]}`, instants[0], percentText)
		b, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}

		when := rapid.SampledFrom([]event.Time{-6, -5, -4, 0, 6, 7, 8, 999_999, 1_000_000, 1_000_001, 2_000_000}).Draw(t, "when")
		if when < instants[0] {
			percent = new(big.Rat)
		}
		var quantities []event.Quantity
		wantRevenue, wantCost, priced := new(big.Int), new(big.Int), true
		for _, m := range meters {
			q := event.Quantity{Meter: m, Count: rapid.Uint64Range(0, 1<<30).Draw(t, "count")}
			quantities = append(quantities, q)
			var best *term
			for _, tm := range terms[m] {
				if tm.from <= when && (best == nil || tm.from > best.from) {
					best = &tm
				}
			}
			if best == nil {
				priced = false
				continue
			}
			wantRevenue.Add(wantRevenue, model(q.Count, best.price, best.unit, percent))
			wantCost.Add(wantCost, model(q.Count, best.cost, best.unit, new(big.Rat)))
		}

		p, _ := b.Product("p")
		revenue, cost, refusal := b.Rate("x", p, when, quantities)
		switch {
		case !priced:
			if refusal == nil || refusal.Reason != event.UnpricedMeter {
				t.Fatalf("unpriced, but %v", refusal)
			}
		case refusal != nil || revenue.Big().Cmp(wantRevenue) != 0 || cost.Big().Cmp(wantCost) != 0:
			t.Fatalf("got %s, %s, %v; want %s, %s", revenue.Big(), cost.Big(), refusal, wantRevenue, wantCost)
		}
	})
}
