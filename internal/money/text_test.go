package money

import (
	"errors"
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"
)

const nines26 = "99999999999999999999999999"

func TestParse(t *testing.T) {
	for _, c := range []struct{ in, out string }{
		{"0", "0"}, {"-0", "0"}, {"0.000000000000", "0"}, {"-0.0", "0"},
		{"1", "1"}, {"-1", "-1"}, {"12.50", "12.5"}, {"-12.50", "-12.5"}, {"007.10", "7.1"},
		{"0.000000000001", "0.000000000001"}, {"-0.000000000001", "-0.000000000001"},
		{"9223372036854775807.5", "9223372036854775807.5"},
		{"18446744073.709551615999", "18446744073.709551615999"},
		{"1000000000000000000", "1000000000000000000"},
		{"10000000000000000000", "10000000000000000000"},
		{nines26 + ".999999999999", nines26 + ".999999999999"},
		{"-" + nines26 + ".999999999999", "-" + nines26 + ".999999999999"},
		{strings.Repeat("0", 1000) + "5", "5"},
	} {
		a, err := Parse(c.in)
		if err != nil || a.String() != c.out {
			t.Errorf("Parse(%q) is %s, %v; want %s", c.in, a, err, c.out)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		in   string
		kind error
		text string
	}{
		{"", ErrNotDecimal, `"" is no decimal`},
		{"-", ErrNotDecimal, `"-" is no decimal`},
		{".", ErrNotDecimal, `"." is no decimal`},
		{"-.5", ErrNotDecimal, `"-.5" is no decimal`},
		{"1.", ErrNotDecimal, `"1." is no decimal`},
		{"+1", ErrNotDecimal, `"+1" is no decimal`},
		{"--1", ErrNotDecimal, `"--1" is no decimal`},
		{"1.2.3", ErrNotDecimal, `"1.2.3" is no decimal`},
		{"2.0x", ErrNotDecimal, `"2.0x" is no decimal`},
		{" 1", ErrNotDecimal, `" 1" is no decimal`},
		{"1\n", ErrNotDecimal, `"1\n" is no decimal`},
		{"1e3", ErrNotDecimal, `"1e3" is no decimal`},
		{"1,5", ErrNotDecimal, `"1,5" is no decimal`},
		{"1_000", ErrNotDecimal, `"1_000" is no decimal`},
		{"NaN", ErrNotDecimal, `"NaN" is no decimal`},
		{"Inf", ErrNotDecimal, `"Inf" is no decimal`},
		{"0x10", ErrNotDecimal, `"0x10" is no decimal`},
		{"١", ErrNotDecimal, `"١" is no decimal`},
		{"0.0000000000000", ErrDecimals, `"0.0000000000000" has more than 12 decimals`},
		{"1" + nines26 + ".0000000000000", ErrDecimals, `"1` + nines26 + `.0000000000000" has more than 12 decimals`},
		{"100000000000000000000000000", ErrRange, `"100000000000000000000000000" has more than 26 digits before the decimal point`},
		{"-100000000000000000000000000", ErrRange, `"-100000000000000000000000000" has more than 26 digits before the decimal point`},
		{strings.Repeat("9", 1000), ErrRange, `"` + strings.Repeat("9", 64) + `"… has more than 26 digits before the decimal point`},
	} {
		a, err := Parse(c.in)
		var pe *ParseError
		if !errors.Is(err, c.kind) || !errors.As(err, &pe) || pe.Text != c.in || err.Error() != c.text || a != (Amount{}) {
			t.Errorf("Parse(%q) is %s, %v; want %s", c.in, a, err, c.text)
		}
	}
}

func TestStringOfOverflow(t *testing.T) {
	for _, a := range []Amount{FromParts(math.MinInt64, 0), FromParts(math.MaxInt64, math.MaxUint64)} {
		if got := a.String(); got != "overflow" {
			t.Errorf("got %s", got)
		}
		if _, err := Parse(a.String()); !errors.Is(err, ErrNotDecimal) {
			t.Errorf("it reads back as %v", err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"0", "-12.50", nines26 + ".999999999999", "1e3", "1.", "-.5", "0.0000000000001"} {
		f.Add(s)
	}
	decimal := regexp.MustCompile(`^-?([0-9]+)(\.([0-9]+))?\z`)
	f.Fuzz(func(t *testing.T, s string) {
		a, err := Parse(s)
		m := decimal.FindStringSubmatch(s)
		switch {
		case m == nil:
			if !errors.Is(err, ErrNotDecimal) {
				t.Fatalf("%q: %v", s, err)
			}
		case len(m[3]) > Scale:
			if !errors.Is(err, ErrDecimals) {
				t.Fatalf("%q: %v", s, err)
			}
		default:
			r, _ := new(big.Rat).SetString(s)
			r.Mul(r, new(big.Rat).SetInt64(one))
			want, ok := FromBig(r.Num())
			if ok != (err == nil) || ok && a != want {
				t.Fatalf("%q is %s, %v; want %s", s, a, err, r)
			} else if !ok && (!errors.Is(err, ErrRange) || a != (Amount{})) {
				t.Fatalf("%q is %s, %v", s, a, err)
			}
		}
		if err == nil {
			if b, err := Parse(a.String()); err != nil || a != b {
				t.Fatalf("%q reads back as %s, %v", s, b, err)
			}
		}
	})
}
