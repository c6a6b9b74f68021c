package oracle

import (
	"math/big"
	"regexp"
	"strings"
)

// An amount is a big.Int in units of 10^-12 of its currency; an amount that is
// still being computed is a big.Rat in whole units of its currency.

var (
	decimalForm = regexp.MustCompile(`^-?[0-9]+(\.[0-9]{1,12})?$`)
	scale       = new(big.Int).Exp(big.NewInt(10), big.NewInt(12), nil)
	largest     = new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(15), nil))
)

// decimal reads a decimal string of at most 12 decimals.
func decimal(s string) (*big.Rat, bool) {
	if !decimalForm.MatchString(s) {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// tooLarge says whether an amount is beyond 10^15 either way.
func tooLarge(x *big.Rat) bool { return new(big.Rat).Abs(x).Cmp(largest) > 0 }

// exact says whether x has at most 12 decimals.
func exact(x *big.Rat) bool {
	return new(big.Rat).Mul(x, new(big.Rat).SetInt(scale)).IsInt()
}

// round is x in units of 10^-12, half to even.
func round(x *big.Rat) *big.Int {
	scaled := new(big.Rat).Mul(x, new(big.Rat).SetInt(scale))
	floor := new(big.Int)
	rest := new(big.Int)
	floor.DivMod(scaled.Num(), scaled.Denom(), rest) // rest >= 0: floor
	switch new(big.Int).Lsh(rest, 1).Cmp(scaled.Denom()) {
	case 1:
		floor.Add(floor, big.NewInt(1))
	case 0:
		if floor.Bit(0) == 1 {
			floor.Add(floor, big.NewInt(1))
		}
	}
	return floor
}

// whole is an amount as a rational number of currency units.
func whole(amount *big.Int) *big.Rat { return new(big.Rat).SetFrac(amount, scale) }

// text is an amount with exactly 12 decimals.
func text(amount *big.Int) string {
	digits := new(big.Int).Abs(amount).String()
	if len(digits) < 13 {
		digits = strings.Repeat("0", 13-len(digits)) + digits
	}
	cut := len(digits) - 12
	s := digits[:cut] + "." + digits[cut:]
	if amount.Sign() < 0 {
		return "-" + s
	}
	return s
}

// times is amount multiplied by n.
func times(amount *big.Int, n int64) *big.Int {
	return new(big.Int).Mul(amount, big.NewInt(n))
}

// lessPercent is x less that many percent of it.
func lessPercent(x, percent *big.Rat) *big.Rat {
	rest := new(big.Rat).Sub(big.NewRat(100, 1), percent)
	return rest.Mul(rest, x).Mul(rest, big.NewRat(1, 100))
}
