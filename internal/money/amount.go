// Package money is exact fixed-point money: Amount and Percent, the two
// formulas that turn quantities into money (Rate, Monthly), and the currency
// codes of ISO 4217.
//
// An Amount carries no currency: it stands beside one, in a row or a key, and
// amounts of different currencies are never added. No floating point touches
// it. Every operation that could leave Decimal(38,12), ClickHouse's column
// type, says so by its second result; the caller decides what that means.
//
// Start at Amount, then Rate.
package money

import (
	"encoding/binary"
	"math/big"
	"math/bits"
)

// Scale is the number of decimals of an Amount.
const Scale = 12

// Size is the length of an encoded Amount in bytes.
const Size = 16

// One currency unit, in the unit of an Amount's raw number.
const one = 1_000_000_000_000

// The raw number 10^38, the first one beyond Decimal(38,12), in two words.
const (
	limitHi = 0x4B3B4CA85A86C47A
	limitLo = 0x098A224000000000
)

// Amount is an amount of money: a signed number of 10^-12 currency units, 128
// bits wide in two's complement. Its zero value is 0, and == compares values.
//
// It is what DEFINITIONS M1 calls an amount. Every constructor but FromParts
// yields |raw| < 10^38, the range of Decimal(38,12), and so does every operation
// whose second result is true.
type Amount struct {
	hi int64
	lo uint64
}

// FromInt is a whole number of currency units. Every int64 is in range.
func FromInt(units int64) Amount {
	neg := units < 0
	hi, lo := bits.Mul64(absInt(units), one)
	return signed(hi, lo, neg)
}

// FromParts is the amount with the raw number hi*2^64 + lo. It does not check
// the range: see InRange.
func FromParts(hi int64, lo uint64) Amount { return Amount{hi, lo} }

// Parts is the raw number in two words: hi*2^64 + lo.
func (a Amount) Parts() (hi int64, lo uint64) { return a.hi, a.lo }

// InRange says whether |raw| < 10^38, so that it fits Decimal(38,12).
func (a Amount) InRange() bool {
	hi, lo, _ := a.magnitude()
	return fits(hi, lo)
}

// Sign is -1, 0 or +1.
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

// Cmp is -1, 0 or +1 as a is less than, equal to or greater than b.
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

// Add is a + b; ok is false, and the sum 0, when it is out of range.
func (a Amount) Add(b Amount) (sum Amount, ok bool) {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	h, _ := bits.Add64(uint64(a.hi), uint64(b.hi), carry)
	hi := int64(h)
	// Two's complement overflows when both operands differ in sign from the sum.
	if (a.hi^hi)&(b.hi^hi) < 0 {
		return Amount{}, false
	}
	if sum = (Amount{hi, lo}); !sum.InRange() {
		return Amount{}, false
	}
	return sum, true
}

// Sub is a - b; ok is false, and the difference 0, when it is out of range.
func (a Amount) Sub(b Amount) (difference Amount, ok bool) {
	lo, borrow := bits.Sub64(a.lo, b.lo, 0)
	h, _ := bits.Sub64(uint64(a.hi), uint64(b.hi), borrow)
	hi := int64(h)
	// It overflows when the operands differ in sign and the result left a's.
	if (a.hi^b.hi)&(a.hi^hi) < 0 {
		return Amount{}, false
	}
	if difference = (Amount{hi, lo}); !difference.InRange() {
		return Amount{}, false
	}
	return difference, true
}

// MulInt is a x n; ok is false, and the product 0, when it is out of range.
func (a Amount) MulInt(n int64) (product Amount, ok bool) {
	hi, lo, neg := a.magnitude()
	over, hi, lo := mul128(hi, lo, absInt(n))
	if over != 0 || !fits(hi, lo) {
		return Amount{}, false
	}
	return signed(hi, lo, neg != (n < 0)), true
}

// DivExact is a / n; exact is false, and the quotient 0, when it has more than
// Scale decimals or n is 0.
func (a Amount) DivExact(n uint64) (quotient Amount, exact bool) {
	if n == 0 {
		return Amount{}, false
	}
	hi, lo, neg := a.magnitude()
	qHi, r := bits.Div64(0, hi, n)
	qLo, r := bits.Div64(r, lo, n)
	if r != 0 {
		return Amount{}, false
	}
	return signed(qHi, qLo, neg), true
}

// Big is the raw number: the amount in 10^-12 of the currency unit.
func (a Amount) Big() *big.Int {
	n := big.NewInt(a.hi)
	n.Lsh(n, 64)
	return n.Add(n, new(big.Int).SetUint64(a.lo))
}

// FromBig is the amount with the raw number n; ok is false when it is out of
// range.
func FromBig(n *big.Int) (a Amount, ok bool) {
	if n.BitLen() > 127 {
		return Amount{}, false
	}
	var buf [Size]byte
	new(big.Int).Abs(n).FillBytes(buf[:])
	hi, lo := binary.BigEndian.Uint64(buf[:8]), binary.BigEndian.Uint64(buf[8:])
	if !fits(hi, lo) {
		return Amount{}, false
	}
	return signed(hi, lo, n.Sign() < 0), true
}

// AppendBinary appends a in Size bytes: two's complement, least significant
// byte first, as ClickHouse's native format lays out Decimal(38,12).
func (a Amount) AppendBinary(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, a.lo)
	return binary.LittleEndian.AppendUint64(b, uint64(a.hi))
}

// DecodeBinary reads an Amount from the first Size bytes of b; ok is false
// when b is shorter or the amount out of range.
func DecodeBinary(b []byte) (a Amount, ok bool) {
	if len(b) < Size {
		return Amount{}, false
	}
	a = Amount{int64(binary.LittleEndian.Uint64(b[8:Size])), binary.LittleEndian.Uint64(b)}
	if !a.InRange() {
		return Amount{}, false
	}
	return a, true
}
