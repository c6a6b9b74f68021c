package gen

import (
	"fmt"
	"strings"
	"time"
)

// The products that books list, and one that none does.
var (
	products = []string{"chat-large", "chat-small", "vision", "store"}
	unlisted = "teleport"
	segments = []string{"", "enterprise", "business"}
	regions  = []string{"", "eu", "us"}
)

// publishBook sends a price book to every partition: the first is sound, one
// in four of the others is not. Later ones move a product to another line, or
// add, drop and reprice. Now and then a book reaches only some partitions, and
// one in three comes with the time of the one before it or an earlier one: the
// latter is late and changes nothing.
func (g *generator) publishBook() {
	g.book++
	data := g.soundBook()
	if g.book > 1 && g.chance(4) {
		data = g.brokenBook()
	}
	at := g.now
	if g.book > 1 && g.chance(3) {
		at = max(0, g.bookTime+pick(g, 0, -1, -minute, -2*day))
	} else {
		g.bookTime = at
	}
	value := fmt.Sprintf(`{"specversion":"1.0","type":"pricebook.published","source":"prices","id":"book-%d","time":%s,"data":%s}`,
		g.book, quote(g.zoned(at)), data)
	some := g.book > 1 && g.chance(5)
	for _, src := range g.sources() {
		if !some || g.chance(2) {
			g.put(src, "", value)
		}
	}
}

func (g *generator) soundBook() string {
	return g.bookText(pick(g, "USD", "USD", "USD", "EUR"), g.productsText(), g.discountsText())
}

func (g *generator) bookText(currency, products, discounts string) string {
	return fmt.Sprintf(`{"version":"v%d","currency":%s,"products":[%s],"discounts":[%s]}`,
		g.book, quote(currency), products, discounts)
}

// since is an instant for a price to begin: long ago, or within the stream.
func (g *generator) since(offset int64) string {
	return quote(time.UnixMicro(g.started/hour*hour + offset).UTC().Format(time.RFC3339Nano))
}

// meter is a meter's two prices: one from long ago, one from inside the stream.
func (g *generator) meter(name string, unit int, was, is, cost string) string {
	return fmt.Sprintf(`%s:[{"effective_from":%s,"unit":%d,"price":%s,"cost":%s},{"effective_from":%s,"unit":%d,"price":%s,"cost":%s}]`,
		quote(name), g.since(-400*day), unit, quote(was), quote(cost),
		g.since(pick(g, -10*day, -hour, 0, 5*hour, 2*day)), unit, quote(is), quote(cost))
}

func (g *generator) productsText() string {
	line := func(usual string) string {
		if g.book > 1 && g.chance(4) {
			return quote(pick(g, "api", "chat", "labs"))
		}
		return quote(usual)
	}
	list := []string{
		fmt.Sprintf(`{"product":"chat-large","line":%s,"meters":{%s,%s}}`, line("api"),
			g.meter("input_tokens", 1000000, "2.50", pick(g, "2.00", "1.10"), "0.60"),
			g.meter("output_tokens", 1000000, "10.00", pick(g, "12.00", "9.99"), "2.40")),
		fmt.Sprintf(`{"product":"chat-small","line":%s,"meters":{%s}}`, line("api"),
			g.meter("input_tokens", 1, "0.000000000003", pick(g, "0.000000000001", "0.000000000005"), "0.000000000001")),
		fmt.Sprintf(`{"product":"vision","line":%s,"meters":{"images":[{"effective_from":%s,"unit":8,"price":"1","cost":"0.9"}],"free":[{"effective_from":%s,"unit":1,"price":"0","cost":"0"}]}}`,
			line("chat"), g.since(pick(g, -400*day, -hour, hour)), g.since(-400*day)),
	}
	if !(g.book > 1 && g.chance(4)) { // a later book may drop it
		list = append(list, fmt.Sprintf(`{"product":"store","line":%s,"meters":{%s}}`, line("labs"),
			g.meter("gb_hours", 1, "12345.678901234567", "0.07", "0.000000000001")))
	}
	return strings.Join(list, ",")
}

func (g *generator) discountsText() string {
	var list []string
	for _, account := range g.accounts {
		if g.chance(2) {
			list = append(list, fmt.Sprintf(`{"account":%s,"effective_from":%s,"percent":%s}`, quote(account),
				g.since(-100*day), quote(pick(g, "15", "50", "33.333", "100", "0", "12.5", "0.000000000001"))))
			if g.chance(2) {
				list = append(list, fmt.Sprintf(`{"account":%s,"effective_from":%s,"percent":%s}`, quote(account),
					g.since(pick(g, -day, 0, 3*hour)), quote(pick(g, "25", "50", "0"))))
			}
		}
	}
	return strings.Join(list, ",")
}

// brokenBook has one fault, so it is refused and the book before it stays.
func (g *generator) brokenBook() string {
	p, d := g.productsText(), g.discountsText()
	from := g.since(-400 * day)
	product := func(line, unit, price string) string {
		return fmt.Sprintf(`{"product":"store","line":%s,"meters":{"gb_hours":[{"effective_from":%s,"unit":%s,"price":%s,"cost":"0"}]}}`,
			quote(line), from, unit, quote(price))
	}
	switch g.r.IntN(8) {
	case 0:
		return g.bookText("ZZZ", p, d)
	case 1: // not exact at 12 decimals
		return g.bookText("USD", product("labs", "3", "1"), d)
	case 2:
		return g.bookText("USD", product("labs", "0", "1"), d)
	case 3:
		return g.bookText("USD", product("labs", "1", "cheap"), d)
	case 4:
		return g.bookText("USD", product("labs", "1", "1")+","+product("api", "1", "2"), d)
	case 5:
		return g.bookText("USD", p, fmt.Sprintf(`{"account":"acct_1","effective_from":%s,"percent":"100.5"}`, from))
	case 6:
		return g.bookText("USD", product("*", "1", "1"), d)
	}
	return g.bookText("USD", product("labs", "1", "-1"), d)
}
