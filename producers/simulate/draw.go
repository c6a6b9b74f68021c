package simulate

import (
	"math/bits"
	"math/rand/v2"
)

// draw makes random numbers with integers only, by its own formulas over PCG, so
// that neither a processor's floating point nor a newer standard library can
// give another company for a seed.
type draw struct{ pcg *rand.PCG }

func newDraw(seed uint64) draw { return draw{rand.NewPCG(seed, 0x73696d756c617465)} }

// below is 0..n-1; n is at least 1. Its bias, n in 2^64, is of no concern here.
func (d draw) below(n uint64) uint64 {
	hi, _ := bits.Mul64(d.pcg.Uint64(), n)
	return hi
}

// between is lo..hi.
func (d draw) between(lo, hi int) int { return lo + int(d.below(uint64(hi-lo+1))) }

// ppm is true in n of a million cases.
func (d draw) ppm(n int) bool { return d.below(1_000_000) < uint64(n) }

// weighted is an index, each as often as its weight says; sum is that of all.
func (d draw) weighted(weights []uint16, sum int) int {
	n := int(d.below(uint64(sum)))
	for i, w := range weights {
		if n -= int(w); n < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// mulDiv is a x b / c, rounded down; the result must fit 64 bits.
func mulDiv(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	q, _ := bits.Div64(hi, lo, c)
	return q
}
