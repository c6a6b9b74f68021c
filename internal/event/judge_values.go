package event

import (
	"errors"
	"strconv"

	"runrate/internal/money"
)

// faultText is fault for a sentence of its own.
func (j *judge) faultText(detail string) {
	if j.invalid == nil {
		j.invalid = &Refusal{Invalid, detail}
	}
}

// flag judges an optional boolean, false if it is missing.
func (j *judge) flag(name string, a attr) bool {
	switch {
	case a.shape.none():
		return false
	case a.shape == other && a.text[0] != '[':
		return a.text[0] == 't'
	}
	wayOut := ""
	if a.shape == text {
		wayOut = "write it without quotes"
	}
	j.wrong(name, a, "true or false", wayOut)
	return false
}

// name judges a required name of 1 to MaxNameLen bytes.
func (j *judge) name(name string, a attr) string {
	j.have(name, a, text, aString)
	return j.strings.get(j.bounded(name, a, 1, MaxNameLen))
}

// line judges a required name of a business line.
func (j *judge) line(name string, a attr) string {
	if a.shape == text && string(a.text) == AllLines {
		j.fault(name, a, "that stands for all lines in the views: give the line a name of its own")
	}
	return j.name(name, a)
}

// optionalName judges a name of 0 to MaxNameLen bytes, "" if it is missing.
func (j *judge) optionalName(name string, a attr) string {
	if a.shape.none() {
		return ""
	}
	j.have(name, a, text, aString)
	return j.strings.get(j.bounded(name, a, 0, MaxNameLen))
}

// reason judges a required text that may be empty and seldom recurs.
func (j *judge) reason(name string, a attr) string {
	j.have(name, a, text, aString)
	return string(j.bounded(name, a, 0, MaxNameLen))
}

// subscriptionID judges a required name that seldom recurs.
func (j *judge) subscriptionID(name string, a attr) string {
	j.have(name, a, text, aString)
	return string(j.bounded(name, a, 1, MaxNameLen))
}

// count judges a required quantity, 0..MaxQuantity.
func (j *judge) count(name string, a attr, hints countHints) uint64 {
	if a.shape != number {
		j.have(name, a, integer, aCount)
	}
	if a.shape != integer || a.n > MaxQuantity {
		j.fault(name, a, "a quantity is "+aCount+hints.of(a))
		return 0
	}
	return a.n
}

// intervalCount judges an optional count of 1..MaxIntervalCount; 1 if it is
// missing.
func (j *judge) intervalCount(name string, a attr) uint32 {
	if a.shape.none() {
		return 1
	}
	if a.shape != number {
		j.have(name, a, integer, "an integer from 1 to 1000")
	}
	if a.shape != integer || a.n < 1 || a.n > MaxIntervalCount {
		j.fault(name, a, "it is an integer from 1 to 1000")
		return 0
	}
	return uint32(a.n)
}

// mainUnit is the way out of an amount that is beyond the bounds.
const mainUnit = ": amounts are in the currency's main unit, dollars and not cents"

// amount judges a required decimal string, in currency units, of a magnitude
// of at most MaxAmount.
func (j *judge) amount(name string, a attr, signed bool) money.Amount {
	if !j.have(name, a, text, `a decimal in a string, such as "12.50",`) {
		return money.Amount{}
	}
	v, err := money.Parse(j.strings.get(a.text))
	switch {
	case errors.Is(err, money.ErrNotDecimal):
		j.fault(name, a, "it is a plain decimal such as -12.50, without exponent, plus sign, commas or blanks")
	case errors.Is(err, money.ErrDecimals):
		j.fault(name, a, "it has at most 12 decimals: round it")
	case err != nil || v.Cmp(maxAmount) > 0 || v.Cmp(minAmount) < 0:
		j.fault(name, a, "its magnitude is at most "+strconv.Itoa(MaxAmount)+mainUnit)
	case !signed && v.Sign() < 0:
		j.fault(name, a, "it must not be negative: a credit is an adjustment.recorded")
	default:
		return v
	}
	return money.Amount{}
}

// percent judges an optional decimal string of 0..100; 0 if it is missing.
func (j *judge) percent(name string, a attr) money.Percent {
	if a.shape.none() || !j.have(name, a, text, `a decimal in a string, such as "12.5",`) {
		return money.NoDiscount
	}
	p, err := money.ParsePercent(j.strings.get(a.text))
	if err != nil {
		j.fault(name, a, "it is a plain decimal from 0 to 100 with at most 12 decimals, such as 12.5")
	}
	return p
}

// currency judges a required currency code.
func (j *judge) currency(name string, a attr) string {
	if !j.have(name, a, text, aString) {
		return ""
	}
	if len(a.text) == 3 && money.IsCurrency(string(a.text)) {
		return j.strings.get(a.text)
	}
	j.fault(name, a, "it is a currency code of ISO 4217 in force, in upper case, such as USD")
	return ""
}

// status judges a required status.
func (j *judge) status(name string, a attr) Status {
	if !j.have(name, a, text, aString) {
		return 0
	}
	s, ok := ParseStatus(string(a.text))
	if !ok {
		j.fault(name, a, "it is one of trialing, active, past_due, paused, unpaid, canceled")
	}
	return s
}

// interval judges a required billing interval.
func (j *judge) interval(name string, a attr) Interval {
	if !j.have(name, a, text, aString) {
		return 0
	}
	i, ok := ParseInterval(string(a.text))
	if !ok {
		j.fault(name, a, "it is one of day, week, month, year: a quarter is month with interval_count 3")
	}
	return i
}
