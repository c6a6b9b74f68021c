package gen

import (
	"fmt"
	"strings"

	"runrate/test/oracle"
)

// publishRates sends a set of exchange rates, to every partition or to some. One in
// five is not sound, and one in three comes with the time of the one before it or an
// earlier one: the latter is late and changes nothing. The currencies of a stream do
// not all have a rate, nor from its beginning on.
func (g *generator) publishRates() {
	g.rates++
	var list []string
	for _, code := range []string{"EUR", "JPY", "GBP", "CHF"} {
		if g.chance(5) {
			continue
		}
		worth := pick(g, "1.0832", "0.0065", "0.000000000007", "99999", "3")
		if code == oracle.Asked && worth == "0.000000000007" { // what is converted to it must fit a column
			worth = "0.9"
		}
		list = append(list, rateText(code, g.since(pick(g, -400*day, -400*day, -day)), worth))
		if g.chance(2) {
			list = append(list, rateText(code, g.since(pick(g, -10*day, 0, 3*hour, 2*day, 35*day)), pick(g, "1.1", "0.333333333333", "7")))
		}
	}
	reference := "USD"
	if g.rates > 1 && g.chance(5) {
		reference, list = g.brokenRates(list)
	}
	at := g.now
	if g.rates > 1 && g.chance(3) {
		at = max(0, g.ratesTime+pick(g, 0, -1, -minute, -2*day))
	} else {
		g.ratesTime = at
	}
	value := fmt.Sprintf(`{"specversion":"1.0","type":"rates.published","source":"rates","id":"rates-%d","time":%s,"data":{"version":"r%d","reference":%s,"rates":[%s]}}`,
		g.rates, quote(g.zoned(at)), g.rates, quote(reference), strings.Join(list, ","))
	some := g.rates > 1 && g.chance(5)
	for _, src := range g.sources() {
		if !some || g.chance(2) {
			g.put(src, "", value)
		}
	}
}

func rateText(code, from, rate string) string {
	return fmt.Sprintf(`{"currency":%s,"effective_from":%s,"rate":%s}`, quote(code), from, quote(rate))
}

// brokenRates has one fault, so the set is refused and the one before it stays.
func (g *generator) brokenRates(list []string) (reference string, broken []string) {
	long := g.since(-400 * day)
	switch g.r.IntN(6) {
	case 0:
		return "usd", list
	case 1:
		return "USD", append(list, rateText("USD", long, "1"))
	case 2:
		return "USD", append(list, rateText("SEK", long, pick(g, "0", "-1", "1000000000.000000000001", "1e3", "")))
	case 3:
		return "USD", append(list, rateText("SEK", long, "1"), rateText("SEK", long, "2"))
	case 4:
		return "USD", append(list, rateText("XXZ", long, "1"))
	}
	return "USD", append(list, rateText("SEK", quote("1969-12-31T23:59:59Z"), "1"))
}
