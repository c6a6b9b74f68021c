package simulate

import (
	_ "embed"
	"fmt"

	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/pricebook"
)

//go:embed book.yaml
var bookYAML []byte

// Book is the price book of every simulated company.
func Book() (*pricebook.Book, error) {
	book, err := pricebook.Parse(bookYAML)
	if err != nil {
		return nil, fmt.Errorf("the simulated company's price book: %w", err)
	}
	return book, nil
}

// The products, and their meters in the order of quantities.
var (
	productNames = [...]string{"atlas-max", "atlas-pro", "atlas-mini", "atlas-embed"}
	meterNames   = [...]string{"cached_input_tokens", "input_tokens", "output_tokens"}
)

const (
	products = len(productNames)
	meters   = len(meterNames)
	embed    = products - 1 // has input_tokens only
)

// counts are the quantities of a usage event, by meterNames.
type counts [meters]uint64

// priced is what counts of a product earn and cost at an instant. Prices of
// this book have so few decimals that nothing is ever rounded, which is how it
// differs from the rating it is a check on.
func (m *Model) priced(account event.Account, product int, at event.Time, q counts) (revenue, cost money.Amount) {
	p, _ := m.book.Product(productNames[product])
	permille := int64(1000 - m.book.Discount(account, at).Raw()/100_000_000_000)
	for i, n := range q {
		if n == 0 {
			continue
		}
		price, ok := p.Price(meterNames[i], at)
		if !ok {
			panic("simulate: no price for " + meterNames[i] + " of " + productNames[product])
		}
		full := exact(price.PerUnit.MulInt(int64(n)))
		earned := exact(exact(full.MulInt(permille)).DivExact(1000))
		revenue = plus(revenue, earned)
		cost = plus(cost, exact(price.CostPerUnit.MulInt(int64(n))))
	}
	return revenue, cost
}

// exact takes the result of an operation that cannot fail within the bounds of
// Config and the decimals of the book.
func exact(a money.Amount, ok bool) money.Amount {
	if !ok {
		panic("simulate: an amount is out of range or not exact")
	}
	return a
}

func plus(a, b money.Amount) money.Amount { return exact(a.Add(b)) }

func minus(a, b money.Amount) money.Amount { return exact(a.Sub(b)) }
