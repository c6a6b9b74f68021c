package money

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func TestParsePercent(t *testing.T) {
	for _, c := range []struct {
		in, out string
		kind    error
	}{
		{"0", "0", nil}, {"-0", "0", nil}, {"10", "10", nil}, {"7.50", "7.5", nil},
		{"100", "100", nil}, {"100.000000000000", "100", nil},
		{"0.000000000001", "0.000000000001", nil}, {"99.999999999999", "99.999999999999", nil},
		{"100.000000000001", "", ErrPercent}, {"-0.000000000001", "", ErrPercent},
		{"101", "", ErrPercent}, {"-1", "", ErrPercent},
		{"18446744073709551616", "", ErrPercent}, {"999999999999999999999999999", "", ErrPercent},
		{"10%", "", ErrNotDecimal}, {"", "", ErrNotDecimal}, {"1e1", "", ErrNotDecimal},
		{"1.0000000000000", "", ErrDecimals},
	} {
		p, err := ParsePercent(c.in)
		if !errors.Is(err, c.kind) || err == nil && p.String() != c.out || err != nil && p != NoDiscount {
			t.Errorf("ParsePercent(%q) is %s, %v; want %q, %v", c.in, p, err, c.out, c.kind)
		}
	}
	_, err := ParsePercent("100.5")
	if got := err.Error(); got != `"100.5" is not between 0 and 100` {
		t.Error(got)
	}
}

func TestPercentReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := percents().Draw(t, "p")
		if q, err := ParsePercent(p.String()); err != nil || p != q {
			t.Fatalf("text reads back as %s, %v", q, err)
		}
		if q, ok := PercentFromRaw(p.Raw()); !ok || p != q || p.IsZero() != (p == NoDiscount) {
			t.Fatalf("raw reads back as %s, %v", q, ok)
		}
	})
	if _, ok := PercentFromRaw(whole + 1); ok {
		t.Fatal("more than 100 percent")
	}
}
