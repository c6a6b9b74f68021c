// Package pricebook is the price list: which line a product belongs to, what a
// unit of each of its meters costs and earns at an instant, and what discount
// an account has.
//
// A book comes from Parse, as YAML or as the same in JSON (DEFINITIONS M5), and
// is checked whole: a Book that exists can rate. It is immutable, so any number
// of partitions may share one. It does no I/O and reads no clock: the instant is
// always the event's.
//
// Start at Book, then Book.Rate.
package pricebook

import (
	"slices"

	"runrate/internal/event"
	"runrate/internal/money"
)

// MaxSize bounds the bytes of a book's text.
const MaxSize = 4 << 20

// MaxAmount bounds a price, a cost, and the revenue and the cost of one event
// (DEFINITIONS M8): 10^15 currency units. It leaves 10^11 such events before a
// sum of them reaches the end of Decimal(38,12).
var MaxAmount = money.FromInt(1_000_000_000_000_000)

// Book is a price book.
type Book struct {
	Version  string
	Currency string // ISO 4217: that of all prices, costs and booked usage

	products  map[string]*Product
	discounts map[event.Account][]discount // ascending by from
}

// Product is a product of a book.
type Product struct {
	Name string
	Line string // the business line that its revenue belongs to

	meters map[string][]price // ascending by from, at least one
}

// Price is what one single unit of a meter earns and costs, before discount,
// in the book's currency. Both are exact and not negative.
type Price struct {
	PerUnit     money.Amount
	CostPerUnit money.Amount
}

// price is a Price from an instant on, and the terms it was written in:
// amount and cost are per unit units.
type price struct {
	from   event.Time
	unit   uint64
	amount money.Amount
	cost   money.Amount
	each   Price
}

// discount is an account's discount from an instant on.
type discount struct {
	from    event.Time
	percent money.Percent
}

// Product is the product of that name; ok is false when the book has none.
func (b *Book) Product(name string) (p *Product, ok bool) {
	p, ok = b.products[name]
	return p, ok
}

// Price is the price of a meter in force at an instant: that of the greatest
// effective_from <= at. ok is false when there is none.
func (p *Product) Price(meter string, at event.Time) (pr Price, ok bool) {
	prices := p.meters[meter]
	n, found := slices.BinarySearchFunc(prices, at, func(pr price, at event.Time) int {
		return compare(pr.from, at)
	})
	if found {
		return prices[n].each, true
	}
	if n == 0 {
		return Price{}, false
	}
	return prices[n-1].each, true
}

// Discount is an account's discount in force at an instant: that of the
// greatest effective_from <= at, or NoDiscount.
func (b *Book) Discount(account event.Account, at event.Time) money.Percent {
	discounts := b.discounts[account]
	n, found := slices.BinarySearchFunc(discounts, at, func(d discount, at event.Time) int {
		return compare(d.from, at)
	})
	if found {
		return discounts[n].percent
	}
	if n == 0 {
		return money.NoDiscount
	}
	return discounts[n-1].percent
}

func compare(a, b event.Time) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
