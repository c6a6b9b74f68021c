package oracle

import (
	"math/big"
	"regexp"
)

// book is a price book as published.
type book struct {
	published int64
	version   string
	currency  string
	products  []product
	discounts []discount
}

type product struct {
	name, line string
	prices     []price
}

// price is one meter's price from an instant on, per unit.
type price struct {
	meter string
	from  int64
	each  *big.Rat // price / unit
	cost  *big.Rat // cost / unit
}

type discount struct {
	account string
	from    int64
	percent *big.Rat
}

var countForm = regexp.MustCompile(`^[0-9]+$`)

// parseBook reads and validates a book; false if any of it is not as it must be.
func parseBook(o object) (book, bool) {
	b := book{currency: o.str("currency", ""), version: o.str("version", "")}
	list, _ := o["products"].([]any)
	if o.str("version", "") == "" || !currency(b.currency) || len(list) == 0 {
		return b, false
	}
	for _, item := range list {
		p, ok := parseProduct(item)
		if !ok {
			return b, false
		}
		for _, other := range b.products {
			if other.name == p.name {
				return b, false
			}
		}
		b.products = append(b.products, p)
	}
	discounts, isList := o["discounts"].([]any)
	if o["discounts"] != nil && !isList {
		return b, false
	}
	for _, item := range discounts {
		m, _ := item.(map[string]any)
		from, ok1 := micros(object(m).str("effective_from", ""))
		percent, ok2 := decimal(object(m).str("percent", ""))
		d := discount{object(m).str("account", ""), from, percent}
		if d.account == "" || !ok1 || !ok2 || !aPercentage(percent) {
			return b, false
		}
		for _, other := range b.discounts {
			if other.account == d.account && other.from == d.from {
				return b, false
			}
		}
		b.discounts = append(b.discounts, d)
	}
	return b, true
}

func aPercentage(x *big.Rat) bool { return x.Sign() >= 0 && x.Cmp(big.NewRat(100, 1)) <= 0 }

func parseProduct(item any) (product, bool) {
	m, _ := item.(map[string]any)
	o := object(m)
	p := product{name: o.str("product", ""), line: o.str("line", "")}
	if p.name == "" || !lineName(p.line) || len(o.inner("meters")) == 0 {
		return p, false
	}
	for meter := range o.inner("meters") {
		list, ok := o.inner("meters")[meter].([]any)
		if !ok || len(list) == 0 || meter == "" {
			return p, false
		}
		for _, entry := range list {
			next, ok := parsePrice(meter, entry)
			if !ok {
				return p, false
			}
			for _, other := range p.prices {
				if other.meter == meter && other.from == next.from {
					return p, false
				}
			}
			p.prices = append(p.prices, next)
		}
	}
	return p, true
}

// lineName says whether a business line may have this name: "*" is kept for all
// lines.
func lineName(s string) bool { return s != "" && s != "*" }

func parsePrice(meter string, entry any) (price, bool) {
	m, _ := entry.(map[string]any)
	o := object(m)
	from, ok1 := micros(o.str("effective_from", ""))
	each, ok2 := decimal(o.str("price", ""))
	cost, ok3 := decimal(o.str("cost", "0"))
	unit := o.literal("unit", "")
	if !ok1 || !ok2 || !ok3 || !countForm.MatchString(unit) || each.Sign() < 0 || cost.Sign() < 0 ||
		tooLarge(each) || tooLarge(cost) {
		return price{}, false
	}
	per, _ := new(big.Rat).SetString(unit)
	if per.Sign() == 0 {
		return price{}, false
	}
	each.Quo(each, per)
	cost.Quo(cost, per)
	return price{meter, from, each, cost}, exact(each) && exact(cost)
}

// product finds a product by name.
func (b *book) product(name string) (product, bool) {
	if b != nil {
		for _, p := range b.products {
			if p.name == name {
				return p, true
			}
		}
	}
	return product{}, false
}

// at is the meter's price in force at an instant: the latest that has begun.
func (p product) at(meter string, when int64) (price, bool) {
	var best price
	found := false
	for _, c := range p.prices {
		if c.meter == meter && c.from <= when && (!found || c.from > best.from) {
			best, found = c, true
		}
	}
	return best, found
}

// discount is the account's discount in percent in force at an instant.
func (b *book) discount(account string, when int64) *big.Rat {
	percent := new(big.Rat)
	latest, found := int64(0), false
	for _, d := range b.discounts {
		if d.account == account && d.from <= when && (!found || d.from > latest) {
			percent, latest, found = d.percent, d.from, true
		}
	}
	return percent
}
