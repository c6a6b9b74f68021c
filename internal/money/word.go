package money

import "math/bits"

// magnitude is |raw| in two words, and whether raw is negative.
func (a Amount) magnitude() (hi, lo uint64, neg bool) {
	if a.hi < 0 {
		a, neg = a.Neg(), true
	}
	return uint64(a.hi), a.lo, neg
}

// signed is the amount of a magnitude below 2^127 and a sign.
func signed(hi, lo uint64, neg bool) Amount {
	a := Amount{int64(hi), lo}
	if neg {
		return a.Neg()
	}
	return a
}

// fits says whether a magnitude is below 10^38.
func fits(hi, lo uint64) bool { return hi < limitHi || hi == limitHi && lo < limitLo }

// absInt is |n|, for every n.
func absInt(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// mul128 is (hi, lo) x n in three words, the most significant first.
func mul128(hi, lo, n uint64) (w2, w1, w0 uint64) {
	c1, w0 := bits.Mul64(lo, n)
	c2, w1 := bits.Mul64(hi, n)
	w1, carry := bits.Add64(w1, c1, 0)
	return c2 + carry, w1, w0
}
