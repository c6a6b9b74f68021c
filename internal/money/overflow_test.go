package money

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// TestOverflowStays runs amounts through chains of operations beside exact
// numbers. Once one of these has left the range there is no way back, by any
// operation or encoding; until then the two are equal.
func TestOverflowStays(t *testing.T) {
	overflows := 0
	rapid.Check(t, func(t *rapid.T) {
		a := amounts().Draw(t, "a")
		x := a.Big() // nil once it has left the range
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			a, x = step(t, a, x)
			if x != nil && new(big.Int).Abs(x).Cmp(limit) >= 0 {
				x = nil
				overflows++
			}
			if a.InRange() != (x != nil) {
				t.Fatalf("%s is in range, the exact number is %s", a, x)
			}
			if x != nil && a.Big().Cmp(x) != 0 {
				t.Fatalf("%s, the exact number is %s", a.Big(), x)
			}
		}
	})
	if overflows < 20 {
		t.Errorf("only %d chains overflow", overflows)
	}
}

// step does one operation with an amount and with the exact number.
func step(t *rapid.T, a Amount, x *big.Int) (Amount, *big.Int) {
	b := amounts().Draw(t, "b")
	n := rapid.SampledFrom([]int64{0, 1, -1, 2, 13, math.MinInt64, math.MaxInt64}).Draw(t, "n")
	exactly := func(f func(z, x *big.Int) *big.Int) *big.Int {
		if x == nil {
			return nil
		}
		return f(new(big.Int), x)
	}
	plus := exactly(func(z, x *big.Int) *big.Int { return z.Add(x, b.Big()) })
	minus := exactly(func(z, x *big.Int) *big.Int { return z.Sub(x, b.Big()) })
	from := exactly(func(z, x *big.Int) *big.Int { return z.Sub(b.Big(), x) })
	times := exactly(func(z, x *big.Int) *big.Int { return z.Mul(x, big.NewInt(n)) })
	first := func(a Amount, _ bool) Amount { return a }
	switch rapid.IntRange(0, 11).Draw(t, "operation") {
	case 0:
		return a.Plus(b), plus
	case 1:
		return b.Plus(a), plus
	case 2:
		return a.Minus(b), minus
	case 3:
		return b.Minus(a), from
	case 4:
		return a.Times(n), times
	case 5:
		return first(a.Add(b)), plus
	case 6:
		return first(b.Sub(a)), from
	case 7:
		return first(a.MulInt(n)), times
	case 8:
		return a.Neg(), exactly((*big.Int).Neg)
	case 9:
		return FromParts(a.Parts()), x
	case 10:
		return first(DecodeBinary(a.AppendBinary(nil))), x
	}
	return first(FromBig(a.Big())), x
}

// TestOverflowIsNoFactor: an overflow has no price, no part and no place above an
// amount.
func TestOverflowIsNoFactor(t *testing.T) {
	for what, f := range map[string]func() (Amount, bool){
		"Rate":          func() (Amount, bool) { return Rate(0, overflow, NoDiscount) },
		"Monthly":       func() (Amount, bool) { return Monthly(0, overflow, NoDiscount, 1, 1) },
		"DivExact":      func() (Amount, bool) { return overflow.DivExact(2) },
		"DivExact by 0": func() (Amount, bool) { return FromInt(1).DivExact(0) },
	} {
		if a, ok := f(); ok || a != overflow {
			t.Errorf("%s: %s, %v", what, a, ok)
		}
	}
	least := FromParts(limitHi, limitLo-1).Neg()
	if overflow.Cmp(least) >= 0 || least.Cmp(overflow) <= 0 || overflow.Cmp(overflow) != 0 || overflow.Sign() >= 0 || overflow.IsZero() {
		t.Error("it has another place than below all amounts")
	}
}
