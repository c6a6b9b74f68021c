// Package money is exact fixed-point money: Amount and Percent, the two
// formulas that turn quantities into money (Rate, Monthly), and the currency
// codes of ISO 4217.
//
// An Amount carries no currency: it stands beside one, in a row or a key, and
// amounts of different currencies are never added. No floating point touches
// it. What leaves Decimal(38,12), ClickHouse's column type, becomes an overflow,
// which stays one whatever is done with it, in memory and in any encoding: it
// never turns into a number. Add, Sub and MulInt say so by their second result,
// for callers that branch; Plus, Minus and Times leave it to who reads the sum,
// by InRange.
//
// Start at Amount, then Rate.
package money

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"math/bits"
)

// Scale is the number of decimals of an Amount.
const Scale = 12

// Size is the length of an encoded Amount in bytes.
const Size = 16

// one is a currency unit, in the unit of an Amount's raw number.
const one = 1_000_000_000_000

// The raw number 10^38, the first one beyond Decimal(38,12), in two words.
const (
	limitHi = 0x4B3B4CA85A86C47A
	limitLo = 0x098A224000000000
)

// Amount is an amount of money: a signed number of 10^-12 currency units, 128
// bits wide in two's complement. Its zero value is 0, and == compares values.
//
// Either |raw| < 10^38, the range of Decimal(38,12), which DEFINITIONS M1 calls an
// amount, or it has overflowed.
type Amount struct {
	hi int64
	lo uint64
}

// overflow is -2^127, a number that no Decimal(38,12) is, and no other Amount
// begins with overflowHi.
var overflow = Amount{hi: overflowHi}

const overflowHi = math.MinInt64

// ErrOverflow is the error of a sum that has overflowed.
var ErrOverflow = errors.New("overflow")

// checked returns a raw number if it is in range, otherwise an overflow.
func checked(a Amount) Amount {
	if hi, lo, _ := a.magnitude(); !fits(hi, lo) {
		return overflow
	}
	return a
}

// FromInt is a whole number of currency units. Every int64 is in range.
func FromInt(units int64) Amount {
	neg := units < 0
	hi, lo := bits.Mul64(absInt(units), one)
	return signed(hi, lo, neg)
}

// FromParts is the amount with the raw number hi*2^64 + lo, an overflow if that
// is out of range.
func FromParts(hi int64, lo uint64) Amount { return checked(Amount{hi, lo}) }

// Parts is the raw number in two words: hi*2^64 + lo. FromParts reads it back.
func (a Amount) Parts() (hi int64, lo uint64) { return a.hi, a.lo }

// InRange says whether a is an amount, of Decimal(38,12), and has not overflowed.
func (a Amount) InRange() bool { return a.hi != overflowHi }

// Sign is -1, 0 or +1; -1 of an overflow, which is below all amounts.
func (a Amount) Sign() int {
	switch {
	case a.hi < 0:
		return -1
	case a.hi == 0 && a.lo == 0:
		return 0
	}
	return 1
}

// IsZero says whether a is 0.
func (a Amount) IsZero() bool { return a == Amount{} }

// Cmp is -1, 0 or +1 as a is less than, equal to or greater than b. An overflow is
// below all amounts.
func (a Amount) Cmp(b Amount) int {
	switch {
	case a == b:
		return 0
	case a.hi < b.hi || a.hi == b.hi && a.lo < b.lo:
		return -1
	}
	return 1
}

// Neg is -a.
func (a Amount) Neg() Amount {
	lo, borrow := bits.Sub64(0, a.lo, 0)
	hi, _ := bits.Sub64(0, uint64(a.hi), borrow)
	return Amount{int64(hi), lo}
}

// Plus is a + b.
func (a Amount) Plus(b Amount) Amount {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	hi, _ := bits.Add64(uint64(a.hi), uint64(b.hi), carry)
	// The short way: neither has overflowed, and -limitHi < hi < limitHi. A sum that
	// wrapped around at 2^127 is outside of that, as both are below 10^38.
	if a.hi != overflowHi && b.hi != overflowHi && hi+(limitHi-1) <= 2*(limitHi-1) {
		return Amount{int64(hi), lo}
	}
	return a.plusAtTheEnds(b)
}

// plusAtTheEnds is Plus where an operand or the sum has overflowed, or nearly.
func (a Amount) plusAtTheEnds(b Amount) Amount {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	h, _ := bits.Add64(uint64(a.hi), uint64(b.hi), carry)
	hi := int64(h)
	// Two's complement overflows when both operands differ in sign from the sum.
	if a == overflow || b == overflow || (a.hi^hi)&(b.hi^hi) < 0 {
		return overflow
	}
	return checked(Amount{hi, lo})
}

// Minus is a - b.
func (a Amount) Minus(b Amount) Amount { return a.Plus(b.Neg()) }

// Times is a x n, an overflow also where n is 0 and a is one.
func (a Amount) Times(n int64) Amount {
	hi, lo, neg := a.magnitude()
	over, hi, lo := mul128(hi, lo, absInt(n))
	if a == overflow || over != 0 || !fits(hi, lo) {
		return overflow
	}
	return signed(hi, lo, neg != (n < 0))
}

// Add is a + b; ok is false when it is an overflow.
func (a Amount) Add(b Amount) (sum Amount, ok bool) {
	sum = a.Plus(b)
	return sum, sum.InRange()
}

// Sub is a - b; ok is false when it is an overflow.
func (a Amount) Sub(b Amount) (difference Amount, ok bool) {
	difference = a.Minus(b)
	return difference, difference.InRange()
}

// MulInt is a x n; ok is false when it is an overflow.
func (a Amount) MulInt(n int64) (product Amount, ok bool) {
	product = a.Times(n)
	return product, product.InRange()
}

// DivExact is a / n; exact is false, and the quotient an overflow, when it has
// more than Scale decimals, n is 0, or a is an overflow.
func (a Amount) DivExact(n uint64) (quotient Amount, exact bool) {
	if n == 0 || a == overflow {
		return overflow, false
	}
	hi, lo, neg := a.magnitude()
	qHi, r := bits.Div64(0, hi, n)
	qLo, r := bits.Div64(r, lo, n)
	if r != 0 {
		return overflow, false
	}
	return signed(qHi, qLo, neg), true
}

// Big is the raw number: the amount in 10^-12 of the currency unit. That of an
// overflow, -2^127, is none.
func (a Amount) Big() *big.Int {
	n := big.NewInt(a.hi)
	n.Lsh(n, 64)
	return n.Add(n, new(big.Int).SetUint64(a.lo))
}

// FromBig is the amount with the raw number n; ok is false when it is an overflow.
func FromBig(n *big.Int) (a Amount, ok bool) {
	if n.BitLen() > 127 {
		return overflow, false
	}
	var buf [Size]byte
	new(big.Int).Abs(n).FillBytes(buf[:])
	hi, lo := binary.BigEndian.Uint64(buf[:8]), binary.BigEndian.Uint64(buf[8:])
	if !fits(hi, lo) {
		return overflow, false
	}
	return signed(hi, lo, n.Sign() < 0), true
}

// AppendBinary appends a in Size bytes: two's complement, least significant
// byte first, as ClickHouse's native format lays out Decimal(38,12).
func (a Amount) AppendBinary(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, a.lo)
	return binary.LittleEndian.AppendUint64(b, uint64(a.hi))
}

// DecodeBinary reads an Amount from the first Size bytes of b; ok is false, and
// the amount an overflow, when b is shorter or holds none.
func DecodeBinary(b []byte) (a Amount, ok bool) {
	if len(b) < Size {
		return overflow, false
	}
	a = FromParts(int64(binary.LittleEndian.Uint64(b[8:Size])), binary.LittleEndian.Uint64(b))
	return a, a.InRange()
}
