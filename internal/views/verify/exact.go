package verify

import (
	"errors"

	"runrate/internal/money"
)

// amount is money as a query sends it: the bytes of a Decimal(38,12).
type amount struct{ money.Amount }

var errDecimal = errors.New("not a Decimal(38, 12)")

// UnmarshalBinary is called by the driver, which would take a Decimal through
// two big integers otherwise.
func (a *amount) UnmarshalBinary(b []byte) error {
	value, ok := money.DecodeBinary(b)
	if !ok {
		return errDecimal
	}
	a.Amount = value
	return nil
}

// exact adds up money, and remembers if a result left Decimal(38,12).
type exact struct{ overflow bool }

func (x *exact) add(a, b amount) amount {
	sum, ok := a.Add(b.Amount)
	x.overflow = x.overflow || !ok
	return amount{sum}
}

func (x *exact) sub(a, b amount) amount {
	difference, ok := a.Sub(b.Amount)
	x.overflow = x.overflow || !ok
	return amount{difference}
}

func (x *exact) times(a amount, n int64) amount {
	product, ok := a.MulInt(n)
	x.overflow = x.overflow || !ok
	return amount{product}
}

func (x *exact) err() error {
	if x.overflow {
		return errors.New("a recomputed sum does not fit Decimal(38, 12): nothing can be said about it")
	}
	return nil
}
