package report

import (
	"fmt"
	"math/big"
	"strings"

	"runrate/internal/money"
)

// Amount is an amount as it comes from a view: exact, in JSON a decimal string.
type Amount struct{ money.Amount }

// Scan reads the text of a Decimal.
func (a *Amount) Scan(from any) error {
	text, ok := from.(string)
	if !ok {
		return fmt.Errorf("%T is no decimal's text", from)
	}
	var err error
	a.Amount, err = money.Parse(text)
	return err
}

// MarshalText is the shortest plain decimal.
func (a Amount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// plus is a + b. Both are parts of a sum that fits the views' columns.
func (a Amount) plus(b Amount) (Amount, error) {
	sum, ok := a.Add(b.Amount)
	if !ok {
		return Amount{}, fmt.Errorf("%s + %s is out of range", a, b)
	}
	return Amount{sum}, nil
}

// Money is an amount for reading: thousands grouped, rounded half to even to
// two decimals; or, exact, with all its decimals, two at least.
func Money(a money.Amount, exact bool) string {
	text := a.String()
	if !exact {
		text = cents(a)
	}
	sign := ""
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	whole, decimals, _ := strings.Cut(text, ".")
	for len(decimals) < 2 {
		decimals += "0"
	}
	return sign + group(whole) + "." + decimals
}

// cents is the amount to two decimals.
func cents(a money.Amount) string {
	unit := big.NewInt(10_000_000_000) // of the raw number, in a cent
	q, r := new(big.Int).QuoRem(new(big.Int).Abs(a.Big()), unit, new(big.Int))
	switch half := r.Lsh(r, 1).Cmp(unit); {
	case half > 0, half == 0 && q.Bit(0) == 1:
		q.Add(q, big.NewInt(1))
	}
	digits := fmt.Sprintf("%03s", q.String())
	text := digits[:len(digits)-2] + "." + digits[len(digits)-2:]
	if a.Sign() < 0 && q.Sign() > 0 {
		text = "-" + text
	}
	return text
}

// group sets a comma between thousands of a number's digits.
func group(digits string) string {
	var out []byte
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out = append(out, ',')
		}
		out = append(out, digits[i])
	}
	return string(out)
}

// priced is Money with its currency: $1,234.50, -$3.00, EUR 7.00.
func priced(currency string, a money.Amount, exact bool) string {
	text := Money(a, exact)
	symbol := currency + " "
	if currency == "USD" {
		symbol = "$"
	}
	if text[0] == '-' {
		return "-" + symbol + text[1:]
	}
	return symbol + text
}

// change is priced with a plus where it is one.
func change(currency string, a money.Amount, exact bool) string {
	text := priced(currency, a, exact)
	if text[0] == '-' {
		return text
	}
	return "+" + text
}

// margin is what is left of revenue after cost, in percent to one decimal, in
// integers; "" where there is no revenue.
func margin(revenue, cost Amount) string {
	if revenue.Sign() <= 0 {
		return ""
	}
	r := revenue.Big()
	left := new(big.Int).Sub(r, cost.Big())
	negative := left.Sign() < 0
	left.Abs(left)
	left.Mul(left, big.NewInt(2000)).Add(left, r) // half up in magnitude
	left.Quo(left, r.Lsh(r, 1))
	digits := fmt.Sprintf("%02s", left.String())
	text := digits[:len(digits)-1] + "." + digits[len(digits)-1:] + "%"
	if negative && left.Sign() != 0 {
		text = "-" + text
	}
	return text
}
