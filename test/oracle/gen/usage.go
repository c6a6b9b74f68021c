package gen

import (
	"fmt"
	"strings"

	"runrate/internal/stream"
)

// meters are what each product's books price.
var meters = map[string][]string{
	"chat-large": {"input_tokens", "output_tokens"},
	"chat-small": {"input_tokens"},
	"vision":     {"images", "free"},
	"store":      {"gb_hours"},
}

func (g *generator) sendUsage() {
	g.send(g.newEvent(stream.Usage.Topic(), "usage.recorded", g.usageData()))
}

// usageData counts some of the meters of a listed product. Not all are always
// priced: a book may have dropped the product or begin later.
func (g *generator) usageData() []member {
	product := pick(g, products...)
	var counts []string
	for _, meter := range meters[product] {
		if len(counts) == 0 || g.chance(2) {
			counts = append(counts, fmt.Sprintf(`%s:%s`, quote(meter), g.count(product)))
		}
	}
	return append([]member{{"product", quote(product)}, {"quantities", "{" + strings.Join(counts, ",") + "}"}}, g.place()...)
}

// count is a quantity: mostly small or odd, sometimes the largest.
func (g *generator) count(product string) string {
	if product != "store" && g.chance(15) {
		return "9007199254740992"
	}
	n := pick(g, 0, 1, 3, 7, 1234, 567, 1000001, g.r.IntN(1<<20))
	if g.chance(8) {
		return g.inOtherWords(n)
	}
	return fmt.Sprint(n)
}

// inOtherWords is an integer written with a fraction or an exponent.
func (g *generator) inOtherWords(n int) string {
	if n == 0 {
		return pick(g, "-0", "0.0", "0e7", "-0.00E+12", "0e999999999")
	}
	return pick(g, fmt.Sprintf("%d.0", n), fmt.Sprintf("%d00e-2", n), fmt.Sprintf("%d.%03de3", n/1000, n%1000),
		fmt.Sprintf("%d000.00E-3", n), fmt.Sprintf("%de0", n))
}

// place is segment and region, each of them sometimes absent or empty.
func (g *generator) place() []member {
	var list []member
	if s := pick(g, segments...); s != "" || g.chance(2) {
		list = append(list, member{"segment", quote(s)})
	}
	if s := pick(g, regions...); s != "" || g.chance(2) {
		list = append(list, member{"region", quote(s)})
	}
	return list
}

func (g *generator) sendAdjustment() {
	g.send(g.newEvent(stream.Usage.Topic(), "adjustment.recorded", g.adjustmentData()))
}

// adjustmentData is a refund or credit, often beyond all revenue so far, and
// in the books' currency or another.
func (g *generator) adjustmentData() []member {
	amount := pick(g, "-12.50", "-0.000000000001", "3", "-250000", "-1000000000000000", "1000000000000000",
		"0", "-0.00", "0.3333", "7.123456789012")
	data := append([]member{{"product", quote(pick(g, products...))}, {"amount", quote(amount)},
		{"currency", quote(pick(g, "USD", "USD", "EUR", "JPY"))}, {"reason", quote("refund")}}, g.place()...)
	if g.chance(2) {
		data = append(data, member{"one_off", pick(g, "true", "true", "false", "null")})
	}
	return data
}
