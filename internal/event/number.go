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
	}
	minus := literal[0] == '-'
	if minus {
		literal = literal[1:]
	}
	s, exponent := parseSignificand(literal)
	switch {
	case s.digits == 0:
		return 0, whole
	case minus:
		return 0, negative
	}
	s.point += parseExponent(exponent)
	return s.value()
}

// significand is the value 0.d1d2d3… x 10^point, d1 and the last digit not being
// 0. Of its digits, n has the first maxDigits+1 at most: those beyond are only known
// to be there.
type significand struct {
	n             uint64
	digits, point int // how many digits n has; where the point is, from d1 on
}

// parseSignificand reads a number without a sign up to its exponent, which is the
// rest.
func parseSignificand(literal []byte) (s significand, rest []byte) {
	zeros := 0 // held back until a digit follows them
	inFraction := false
	for i, c := range literal {
		switch {
		case c|0x20 == 'e':
			return s, literal[i:]
		case c == '.':
			inFraction = true
			continue
		case c == '0' && s.digits == 0: // a leading zero
			if inFraction {
				s.point--
			}
			continue
		case c == '0':
			zeros++
		default:
			for range min(zeros, maxDigits+1-s.digits) {
				s.n *= 10
				s.digits++
			}
			zeros = 0
			if s.digits <= maxDigits {
				s.n = s.n*10 + uint64(c-'0')
				s.digits++
			}
		}
		if !inFraction {
			s.point++
		}
	}
	return s, nil
}

// value is the value, which is above 0, if it is whole, else 0.
func (s significand) value() (n uint64, kind numberKind) {
	switch {
	case s.point > maxDigits:
		return 0, tooLarge
	case s.point < s.digits: // the digits go on behind the point
		if s.point > 0 && s.n/pow10(s.digits-s.point) >= MaxQuantity {
			return 0, tooLarge
		}
		return 0, fraction
	}
	if n = s.n * pow10(s.point-s.digits); n > MaxQuantity {
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
