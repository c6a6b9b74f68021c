package event

import "math"

// numberKind is what a JSON number is as a quantity.
type numberKind uint8

const (
	whole    numberKind = iota // an integer in 0..MaxQuantity, however it is written: 5, 5.0, 5e3, -0
	negative                   // below 0
	tooLarge                   // above MaxQuantity
	fraction                   // between two integers of 0..MaxQuantity
)

// maxDigits is how many decimal digits MaxQuantity has.
const maxDigits = 16

// parseNumber is the value of the literal of a JSON number if it is whole, else
// 0. It takes time for the literal's bytes, not for what its exponent stands
// for.
func parseNumber(literal []byte) (n uint64, kind numberKind) {
	if len(literal) <= maxDigits { // nearly always, and in digits alone
		for i, c := range literal {
			if c < '0' || c > '9' {
				break
			}
			if n = n*10 + uint64(c-'0'); i == len(literal)-1 && n <= MaxQuantity {
				return n, whole
			}
		}
		n = 0
	}
	minus := literal[0] == '-'
	if minus {
		literal = literal[1:]
	}
	// The value is 0.d1d2d3… x 10^point, d1 and the last digit not being 0: zeros
	// are held back until a digit follows them. Digits beyond maxDigits are only
	// known to be there.
	var digits, zeros, point int
	inFraction := false
	i := 0
	for ; i < len(literal) && literal[i]|0x20 != 'e'; i++ {
		switch c := literal[i]; {
		case c == '.':
			inFraction = true
			continue
		case c == '0' && digits == 0: // a leading zero
			if inFraction {
				point--
			}
			continue
		case c == '0':
			zeros++
		default:
			for range min(zeros, maxDigits+1-digits) {
				n *= 10
				digits++
			}
			zeros = 0
			if digits <= maxDigits {
				n = n*10 + uint64(c-'0')
				digits++
			}
		}
		if !inFraction {
			point++
		}
	}
	switch {
	case digits == 0:
		return 0, whole
	case minus:
		return 0, negative
	}
	point += parseExponent(literal[i:])
	switch {
	case point > maxDigits:
		return 0, tooLarge
	case point < digits: // the digits go on behind the point
		if point > 0 && n/pow10(digits-point) >= MaxQuantity {
			return 0, tooLarge
		}
		return 0, fraction
	}
	if n *= pow10(point - digits); n > MaxQuantity {
		return 0, tooLarge
	}
	return n, whole
}

// parseExponent reads e, E, a sign and digits; 0 if there is nothing. Beyond a
// quarter of what an int holds it does not grow.
func parseExponent(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	b = b[1:]
	minus := b[0] == '-'
	if minus || b[0] == '+' {
		b = b[1:]
	}
	exponent := 0
	for _, c := range b {
		if exponent = exponent*10 + int(c-'0'); exponent > math.MaxInt/40 {
			exponent = math.MaxInt / 40
		}
	}
	if minus {
		return -exponent
	}
	return exponent
}

// pow10 is 10^n, n in 0..maxDigits+1.
func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}
