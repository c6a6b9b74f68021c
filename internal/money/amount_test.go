package money

import (
	"bytes"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// limit is 10^38, the first raw number out of range.
var limit = new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil)

// amounts draws amounts in range, of any width, often at an end of the range.
func amounts() *rapid.Generator[Amount] {
	return rapid.Custom(func(t *rapid.T) Amount {
		n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 16).Draw(t, "magnitude"))
		n.Mod(n, limit)
		if rapid.IntRange(0, 4).Draw(t, "end") == 0 {
			n.Sub(limit, big.NewInt(rapid.Int64Range(1, 3).Draw(t, "below")))
		}
		if rapid.Bool().Draw(t, "negative") {
			n.Neg(n)
		}
		a, ok := FromBig(n)
		if !ok {
			t.Fatalf("FromBig(%s) is out of range", n)
		}
		return a
	})
}

// percents draws discounts, often round ones.
func percents() *rapid.Generator[Percent] {
	return rapid.Custom(func(t *rapid.T) Percent {
		raw := rapid.Uint64Range(0, whole).Draw(t, "raw")
		if rapid.Bool().Draw(t, "round") {
			raw = rapid.Uint64Range(0, 100).Draw(t, "percent") * one
		}
		return Percent{raw}
	})
}

// want checks an amount and its ok against an exact raw number.
func want(t *rapid.T, what string, got Amount, ok bool, raw *big.Int) {
	t.Helper()
	if inRange := new(big.Int).Abs(raw).Cmp(limit) < 0; ok != inRange {
		t.Fatalf("%s: ok is %v, but the result is %s", what, ok, raw)
	} else if !inRange {
		raw = overflow.Big()
	}
	if got.Big().Cmp(raw) != 0 {
		t.Fatalf("%s is %s, want %s", what, got.Big(), raw)
	}
}

func TestLimitIsTenToThe38(t *testing.T) {
	raw := Amount{limitHi, limitLo} // no amount
	if got := raw.Big(); got.Cmp(limit) != 0 {
		t.Fatalf("limit is %s", got)
	}
	if FromParts(raw.Parts()).InRange() || !FromParts(limitHi, limitLo-1).InRange() {
		t.Fatal("the range does not end below the limit")
	}
	if FromParts(raw.Neg().Parts()).InRange() || !FromParts(limitHi, limitLo-1).Neg().InRange() || FromParts(math.MinInt64, 0).InRange() {
		t.Fatal("the range does not end above -limit")
	}
}

func TestArithmeticAsInBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := amounts().Draw(t, "a"), amounts().Draw(t, "b")
		n := rapid.Int64().Draw(t, "n")
		x, y := a.Big(), b.Big()

		sum, ok := a.Add(b)
		want(t, "a + b", sum, ok, new(big.Int).Add(x, y))
		diff, ok := a.Sub(b)
		want(t, "a - b", diff, ok, new(big.Int).Sub(x, y))
		product, ok := a.MulInt(n)
		want(t, "a x n", product, ok, new(big.Int).Mul(x, big.NewInt(n)))
		want(t, "-a", a.Neg(), true, new(big.Int).Neg(x))
		want(t, "n", FromInt(n), true, new(big.Int).Mul(big.NewInt(n), big.NewInt(one)))

		if got := a.Cmp(b); got != x.Cmp(y) {
			t.Fatalf("Cmp is %d", got)
		}
		if got := a.Sign(); got != x.Sign() {
			t.Fatalf("Sign is %d", got)
		}
		if a.IsZero() != (x.Sign() == 0) || (a == b) != (x.Cmp(y) == 0) {
			t.Fatal("IsZero or == is wrong")
		}
	})
}

func TestDivExactAsInBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := amounts().Draw(t, "a")
		n := rapid.Uint64Range(1, math.MaxUint64).Draw(t, "n")
		if rapid.Bool().Draw(t, "multiple") {
			n = rapid.Uint64Range(1, 1000).Draw(t, "small")
			q, r := new(big.Int).QuoRem(a.Big(), new(big.Int).SetUint64(n), new(big.Int))
			if r.Sign() != 0 {
				a, _ = FromBig(q.Mul(q, new(big.Int).SetUint64(n)))
			}
		}
		q, r := new(big.Int).QuoRem(a.Big(), new(big.Int).SetUint64(n), new(big.Int))
		got, exact := a.DivExact(n)
		if exact != (r.Sign() == 0) {
			t.Fatalf("exact is %v, but the remainder is %s", exact, r)
		}
		if exact && got.Big().Cmp(q) != 0 {
			t.Fatalf("quotient is %s, want %s", got.Big(), q)
		}
	})
	if _, exact := FromInt(1).DivExact(0); exact {
		t.Fatal("division by 0 is exact")
	}
}

func TestFromBigOutOfRange(t *testing.T) {
	for _, n := range []*big.Int{limit, new(big.Int).Neg(limit), new(big.Int).Lsh(limit, 100)} {
		if a, ok := FromBig(n); ok || a != overflow {
			t.Errorf("FromBig(%s) is %s, %v", n, a, ok)
		}
	}
}

func TestFormsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := amounts().Draw(t, "a")
		if got := FromParts(a.Parts()); got != a {
			t.Fatalf("parts read back as %s", got)
		}
		if got, err := Parse(a.String()); err != nil || got != a {
			t.Fatalf("text reads back as %s, %v", got, err)
		}
		b := a.AppendBinary([]byte("x"))
		if got, ok := DecodeBinary(append(b[1:], "tail"...)); !ok || got != a || len(b) != 1+Size {
			t.Fatalf("binary reads back as %s, %v", got, ok)
		}
	})
}

func TestBinaryLayout(t *testing.T) {
	got := FromParts(-1, 0xfffffffffffffffe).AppendBinary(nil) // raw -2
	if golden := append([]byte{0xfe}, bytes.Repeat([]byte{0xff}, 15)...); !bytes.Equal(got, golden) {
		t.Fatalf("got % x, want % x", got, golden)
	}
	if _, ok := DecodeBinary(got[:Size-1]); ok {
		t.Fatal("15 bytes decode")
	}
	for _, a := range []Amount{overflow, {math.MaxInt64, 0}} {
		if got, ok := DecodeBinary(a.AppendBinary(nil)); ok || got != overflow {
			t.Fatalf("a number out of range decodes as %s", got)
		}
	}
}
