package money

import (
	"math/big"
	"math/bits"
)

// Rate is quantity x price less discount, rounded half to even, once, at the 12th
// decimal; price is that of a single unit. ok is false when the result is an
// overflow; what lies between may be wider. The formula is DEFINITIONS M3.
func Rate(quantity uint64, price Amount, discount Percent) (amount Amount, ok bool) {
	if price == overflow {
		return overflow, false
	}
	hi, lo, neg := price.magnitude()
	w2, w1, w0 := mul128(hi, lo, quantity) // below 2^191
	if discount.raw != 0 {
		// Below 2^191 x 2^47, so in four words; divided word by word.
		c2, x0 := bits.Mul64(w0, discount.keep())
		w3, x1, x2 := mul128(w2, w1, discount.keep())
		x2, carry := bits.Add64(x2, c2, 0)
		x1, carry = bits.Add64(x1, 0, carry)
		w3 += carry
		var r uint64
		w3, r = bits.Div64(0, w3, whole)
		w2, r = bits.Div64(r, x1, whole)
		w1, r = bits.Div64(r, x2, whole)
		w0, r = bits.Div64(r, x0, whole)
		if w3 != 0 {
			return overflow, false
		}
		if r > whole/2 || r == whole/2 && w0&1 == 1 {
			w0, carry = bits.Add64(w0, 1, 0)
			w1, carry = bits.Add64(w1, 0, carry)
			w2 += carry
		}
	}
	if w2 != 0 || !fits(w1, w0) {
		return overflow, false
	}
	return signed(w1, w0, neg), true
}

// Monthly is quantity x unit less discount x num/den, rounded half to even, once,
// at the 12th decimal: the monthly recurring revenue of a subscription whose
// interval is den/num months. ok is false, and the amount an overflow, when the
// result is out of range or num or den is not positive. The formula is DEFINITIONS
// S2.
func Monthly(quantity uint64, unit Amount, discount Percent, num, den int64) (amount Amount, ok bool) {
	if num <= 0 || den <= 0 || unit == overflow {
		return overflow, false
	}
	n := new(big.Int).SetUint64(quantity)
	n.Mul(n, unit.Big())
	n.Mul(n, new(big.Int).SetUint64(discount.keep()))
	n.Mul(n, big.NewInt(num))
	d := new(big.Int).Mul(big.NewInt(whole), big.NewInt(den))

	neg := n.Sign() < 0
	q, r := n.QuoRem(n.Abs(n), d, new(big.Int))
	if c := r.Lsh(r, 1).Cmp(d); c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(1))
	}
	if neg {
		q.Neg(q)
	}
	return FromBig(q)
}
