package money

import "errors"

// Percent is an exact discount of 0 to 100 percent with at most Scale
// decimals. Its zero value is NoDiscount, and == compares values.
type Percent struct {
	raw uint64 // 10^-12 percent, 0..whole
}

// whole is 100 percent, in the unit of a Percent's raw number.
const whole = 100 * one

// NoDiscount is 0 percent.
var NoDiscount Percent

// ParsePercent reads a plain decimal of 0 to 100, as Parse does. The error is
// a *ParseError, of kind ErrPercent when the number is out of range.
func ParsePercent(s string) (Percent, error) {
	a, kind := parse(s)
	switch {
	case errors.Is(kind, ErrRange):
		kind = ErrPercent
	case kind == nil && (a.hi != 0 || a.lo > whole): // negative: hi is -1
		kind = ErrPercent
	}
	if kind != nil {
		return Percent{}, &ParseError{Text: s, Kind: kind}
	}
	return Percent{a.lo}, nil
}

// Raw is the number of 10^-12 percent, 0..10^14.
func (p Percent) Raw() uint64 { return p.raw }

// PercentFromRaw is the discount of raw x 10^-12 percent; ok is false above
// 100 percent.
func PercentFromRaw(raw uint64) (p Percent, ok bool) {
	if raw > whole {
		return Percent{}, false
	}
	return Percent{raw}, true
}

// Amount is the percentage as a decimal number, 0..100.
func (p Percent) Amount() Amount { return Amount{0, p.raw} }

// IsZero says whether p is no discount.
func (p Percent) IsZero() bool { return p.raw == 0 }

// String is the shortest plain decimal, without a percent sign.
func (p Percent) String() string { return Amount{0, p.raw}.String() }

// keep is what p leaves of the whole: the discounted part of x is
// x * keep / whole.
func (p Percent) keep() uint64 { return whole - p.raw }
