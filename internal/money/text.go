package money

import (
	"errors"
	"math/bits"
	"strconv"
)

// The kinds of a ParseError, for errors.Is. ErrPercent is ParsePercent's alone.
var (
	ErrNotDecimal = errors.New("is no decimal")
	ErrDecimals   = errors.New("has more than 12 decimals")
	ErrRange      = errors.New("has more than 26 digits before the decimal point")
	ErrPercent    = errors.New("is not between 0 and 100")
)

// ParseError says what is wrong with a text that should be a decimal.
type ParseError struct {
	Text string
	Kind error // ErrNotDecimal, ErrDecimals, ErrRange or ErrPercent
}

// Error is the text in quotes, cut at 64 bytes, and what is wrong with it.
func (e *ParseError) Error() string {
	text, rest := e.Text, ""
	if len(text) > 64 {
		text, rest = text[:64], "…"
	}
	return strconv.Quote(text) + rest + " " + e.Kind.Error()
}

// Unwrap is the kind.
func (e *ParseError) Unwrap() error { return e.Kind }

// maxIntDigits is the number of digits before the point in Decimal(38,12).
const maxIntDigits = 26

// Parse reads a plain decimal, -?digits[.digits], with at most Scale decimals
// and |raw| < 10^38: no plus sign, no exponent, no blanks, a digit on either
// side of a point. Leading zeros are allowed. The error is a *ParseError;
// of several faults it names the first of ErrNotDecimal, ErrDecimals, ErrRange.
func Parse(s string) (Amount, error) {
	a, kind := parse(s)
	if kind != nil {
		return Amount{}, &ParseError{Text: s, Kind: kind}
	}
	return a, nil
}

// parse is Parse with the bare kind of the error.
func parse(s string) (Amount, error) {
	i, neg := 0, false
	if s != "" && s[0] == '-' {
		i, neg = 1, true
	}
	start := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	whole, frac := s[start:i], ""
	if i < len(s) && s[i] == '.' {
		i++
		start = i
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		frac = s[start:i]
		if frac == "" {
			return Amount{}, ErrNotDecimal
		}
	}
	if whole == "" || i < len(s) {
		return Amount{}, ErrNotDecimal
	}
	if len(frac) > Scale {
		return Amount{}, ErrDecimals
	}
	for whole != "" && whole[0] == '0' {
		whole = whole[1:]
	}
	if len(whole) > maxIntDigits {
		return Amount{}, ErrRange
	}

	// At most 26 + 12 digits: each of the three parts fits one word.
	var high uint64
	if n := len(whole) - 19; n > 0 {
		high, whole = digits(whole[:n]), whole[n:]
	}
	hi, lo := bits.Mul64(high, 10_000_000_000_000_000_000)
	lo, carry := bits.Add64(lo, digits(whole), 0)
	_, hi, lo = mul128(hi+carry, lo, one)
	f := digits(frac)
	for range Scale - len(frac) {
		f *= 10
	}
	lo, carry = bits.Add64(lo, f, 0)
	return signed(hi+carry, lo, neg), nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// digits is the number that at most 19 digits write.
func digits(s string) uint64 {
	var n uint64
	for i := range len(s) {
		n = n*10 + uint64(s[i]-'0')
	}
	return n
}

// String is the shortest plain decimal: "-12.5", "0"; no exponent, no zeros
// at the end of the decimals. Parse reads it back. An overflow is "overflow",
// which Parse takes for no decimal.
func (a Amount) String() string {
	var buf [48]byte
	return string(a.AppendText(buf[:0]))
}

// AppendText appends String to b.
func (a Amount) AppendText(b []byte) []byte {
	if a == overflow {
		return append(b, "overflow"...)
	}
	hi, lo, neg := a.magnitude()
	// 2^127 < 2 x 10^38: the quotient by 10^19 fits a word, with 20 digits.
	high, low := bits.Div64(hi, lo, 10_000_000_000_000_000_000)
	var d [40]byte // decimal digits, right aligned
	for i := len(d) - 1; i > 20; i-- {
		d[i] = byte('0' + low%10)
		low /= 10
	}
	for i := 20; i >= 0; i-- {
		d[i] = byte('0' + high%10)
		high /= 10
	}
	first, last := 0, len(d)
	for first < len(d)-Scale-1 && d[first] == '0' {
		first++
	}
	for last > len(d)-Scale && d[last-1] == '0' {
		last--
	}
	if neg {
		b = append(b, '-')
	}
	b = append(b, d[first:len(d)-Scale]...)
	if last > len(d)-Scale {
		b = append(b, '.')
		b = append(b, d[len(d)-Scale:last]...)
	}
	return b
}
