package pricebook

import (
	"fmt"

	"runrate/internal/event"
	"runrate/internal/money"
)

// Rate is what a usage event of an account earns and costs (DEFINITIONS M3): for
// each meter quantity x price, less the account's discount for the revenue and
// without it for the cost, rounded half to even at the 12th decimal, then summed.
// Prices and discount are those in force at the event's time (M4).
//
// product must be one of this book. A meter without a price in force is
// refused as unpriced_meter, also at a quantity of 0; the first in the order
// of quantities is named. A revenue or a cost above MaxAmount is refused as
// invalid. With a refusal both amounts are 0.
func (b *Book) Rate(account event.Account, product *Product, at event.Time, quantities []event.Quantity) (revenue, cost money.Amount, refusal *event.Refusal) {
	discount := b.Discount(account, at)
	fits := true
	for _, q := range quantities {
		price, ok := product.Price(q.Meter, at)
		if !ok {
			return money.Amount{}, money.Amount{}, b.unpriced(product, q.Meter, at)
		}
		// Once out of bounds the sums do not matter, but the other meters must
		// still be priced: the sum is judged only when it can be formed.
		fits = add(&revenue, q.Count, price.PerUnit, discount) && fits
		fits = add(&cost, q.Count, price.CostPerUnit, money.NoDiscount) && fits
	}
	if !fits || revenue.Cmp(MaxAmount) > 0 || cost.Cmp(MaxAmount) > 0 {
		return money.Amount{}, money.Amount{}, &event.Refusal{
			Reason: event.Invalid,
			Detail: fmt.Sprintf("the quantities of product %q come to a revenue or cost above %s %s: check them, and the unit of its prices",
				product.Name, MaxAmount, b.Currency),
		}
	}
	return revenue, cost, nil
}

// add adds a rated quantity to sum; ok is false when that is out of range.
func add(sum *money.Amount, count uint64, each money.Amount, discount money.Percent) (ok bool) {
	amount, ok := money.Rate(count, each, discount)
	if !ok {
		return false
	}
	total, ok := sum.Add(amount)
	if ok {
		*sum = total
	}
	return ok
}

// unpriced refuses a meter that has no price at an instant.
func (b *Book) unpriced(product *Product, meter string, at event.Time) *event.Refusal {
	return &event.Refusal{
		Reason: event.UnpricedMeter,
		Detail: fmt.Sprintf("price book %q has no price for meter %q of product %q at %s: publish a book with one from then on, then runrate redrive",
			b.Version, meter, product.Name, at),
	}
}
