package report

import (
	"testing"

	"runrate/internal/money"
)

func amount(t *testing.T, s string) Amount {
	t.Helper()
	a, err := money.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return Amount{a}
}

func TestMoney(t *testing.T) {
	for _, tt := range []struct{ in, cents, exact string }{
		{"0", "0.00", "0.00"},
		{"0.005", "0.00", "0.005"}, // half to even
		{"0.015", "0.02", "0.015"},
		{"-0.015", "-0.02", "-0.015"},
		{"0.0050000001", "0.01", "0.0050000001"},
		{"-0.001", "0.00", "-0.001"}, // no -0.00
		{"9.999", "10.00", "9.999"},
		{"12", "12.00", "12.00"},
		{"999.5", "999.50", "999.50"},
		{"456116.6", "456,116.60", "456,116.60"},
		{"-1234567.125", "-1,234,567.12", "-1,234,567.125"},
		{"99999999999999999999999999.999999999999", "100,000,000,000,000,000,000,000,000.00", "99,999,999,999,999,999,999,999,999.999999999999"},
	} {
		a := amount(t, tt.in).Amount
		if got := Money(a, false); got != tt.cents {
			t.Errorf("%s: %s, want %s", tt.in, got, tt.cents)
		}
		if got := Money(a, true); got != tt.exact {
			t.Errorf("%s exact: %s, want %s", tt.in, got, tt.exact)
		}
	}
	for in, want := range map[string]string{"-3": "-$3.00", "3": "+$3.00", "0": "+$0.00"} {
		if got := change("USD", amount(t, in).Amount, false); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if got := priced("EUR", amount(t, "-1000").Amount, false); got != "-EUR 1,000.00" {
		t.Error(got)
	}
}

func TestMargin(t *testing.T) {
	for _, tt := range []struct{ revenue, cost, want string }{
		{"0", "1", ""}, {"-1", "1", ""}, {"10", "0", "100.0%"}, {"10", "10", "0.0%"}, {"3", "1", "66.7%"},
		{"1", "2", "-100.0%"}, {"1000", "999.6", "0.0%"}, {"1000", "1000.4", "0.0%"}, {"1000", "999.5", "0.1%"}, {"1000", "995", "0.5%"},
	} {
		if got := margin(amount(t, tt.revenue), amount(t, tt.cost)); got != tt.want {
			t.Errorf("%s less %s: %q, want %q", tt.revenue, tt.cost, got, tt.want)
		}
	}
}
