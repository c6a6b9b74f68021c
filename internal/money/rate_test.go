package money

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func mustParse(t testing.TB, s string) Amount {
	t.Helper()
	a, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func mustPercent(t testing.TB, s string) Percent {
	t.Helper()
	p, err := ParsePercent(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRate(t *testing.T) {
	for _, c := range []struct {
		quantity              uint64
		price, discount, want string // want "" is out of range
	}{
		{1234, "0.0000025", "0", "0.003085"},
		{1234, "0.0000025", "15", "0.00262225"},
		{0, "2", "0", "0"}, {5, "0", "10", "0"}, {5, "2", "100", "0"},
		// Halves go to the even neighbour, on either side of 0.
		{1, "0.000000000001", "50", "0"},
		{3, "0.000000000001", "50", "0.000000000002"},
		{5, "0.000000000001", "50", "0.000000000002"},
		{7, "0.000000000001", "50", "0.000000000004"},
		{1, "-0.000000000001", "50", "0"},
		{3, "-0.000000000001", "50", "-0.000000000002"},
		// A hair beside the half does not.
		{1, "0.000000000001", "50.000000000001", "0"},
		{1, "0.000000000001", "49.999999999999", "0.000000000001"},
		{3, "0.000000000001", "50.000000000001", "0.000000000001"},
		{1 << 53, "1000000000000000", "0", ""},
		{1, nines26 + ".999999999999", "0", nines26 + ".999999999999"},
		{math.MaxUint64, nines26, "0", ""},
		{math.MaxUint64, nines26, "99.999999999999", ""},
		{math.MaxUint64, nines26, "100", "0"},
		{2, "-" + nines26, "50", "-" + nines26}, // wide in between, in range at the end
	} {
		got, ok := Rate(c.quantity, mustParse(t, c.price), mustPercent(t, c.discount))
		if ok != (c.want != "") || ok && got.String() != c.want {
			t.Errorf("%d x %s less %s%% is %s, %v; want %q", c.quantity, c.price, c.discount, got, ok, c.want)
		}
	}
}

func TestMonthly(t *testing.T) {
	for _, c := range []struct {
		quantity       uint64
		unit, discount string
		num, den       int64
		want           string
	}{
		{25, "30.00", "10", 1, 1, "675"},
		{1, "120", "0", 1, 12, "10"},
		{1, "100", "0", 1, 12, "8.333333333333"},
		{1, "200", "0", 1, 12, "16.666666666667"},
		{1, "-200", "0", 1, 12, "-16.666666666667"},
		{1, "1", "0", 365, 12, "30.416666666667"},
		{1, "7", "0", 365, 84, "30.416666666667"},
		{1, "0.000000000001", "0", 1, 2, "0"},
		{3, "0.000000000001", "0", 1, 2, "0.000000000002"},
		{1, nines26, "0", 365, 12, ""},
		{math.MaxUint64, nines26, "100", 365, 12, "0"},
		{1, "1", "0", 0, 1, ""}, {1, "1", "0", 1, 0, ""}, {1, "1", "0", 1, -1, ""},
	} {
		got, ok := Monthly(c.quantity, mustParse(t, c.unit), mustPercent(t, c.discount), c.num, c.den)
		if ok != (c.want != "") || ok && got.String() != c.want {
			t.Errorf("%d x %s less %s%% x %d/%d is %s, %v; want %q",
				c.quantity, c.unit, c.discount, c.num, c.den, got, ok, c.want)
		}
	}
}

// halfEven is r rounded to an integer, written without reuse of the code under
// test: the floor of r + 1/2, less 1 where r is a half and that floor is odd.
func halfEven(r *big.Rat) *big.Int {
	up := new(big.Rat).Add(r, big.NewRat(1, 2))
	n := new(big.Int).Div(up.Num(), up.Denom()) // Euclidean, the denominator is positive: the floor
	if up.IsInt() && n.Bit(0) == 1 {
		n.Sub(n, big.NewInt(1))
	}
	return n
}

// exact is quantity x price less discount, as a raw number.
func exact(quantity uint64, price Amount, discount Percent) *big.Rat {
	r := new(big.Rat).SetInt(price.Big())
	r.Mul(r, new(big.Rat).SetInt(new(big.Int).SetUint64(quantity)))
	return r.Mul(r, new(big.Rat).Sub(big.NewRat(1, 1), big.NewRat(int64(discount.Raw()), whole)))
}

func TestRateAsInBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		quantity := rapid.Uint64().Draw(t, "quantity")
		price, discount := amounts().Draw(t, "price"), percents().Draw(t, "discount")
		got, ok := Rate(quantity, price, discount)
		want(t, "rate", got, ok, halfEven(exact(quantity, price, discount)))
	})
}

// TestTiesAsInBig: small numbers at 50, 25, 12.5 and 75 percent meet ties all the
// time.
func TestTiesAsInBig(t *testing.T) {
	ties := 0
	for _, p := range []string{"12.5", "25", "50", "75", "95"} {
		discount := mustPercent(t, p)
		for q := range uint64(20) {
			for raw := range int64(20) {
				for _, price := range []Amount{FromParts(0, uint64(raw)), FromParts(0, uint64(raw)).Neg()} {
					r := exact(q, price, discount)
					if !r.IsInt() && new(big.Rat).Mul(r, big.NewRat(2, 1)).IsInt() {
						ties++
					}
					got, ok := Rate(q, price, discount)
					if !ok || got.Big().Cmp(halfEven(r)) != 0 {
						t.Fatalf("%d x %s less %s%% is %s, %v; want %s", q, price, p, got, ok, halfEven(r))
					}
				}
			}
		}
	}
	if ties < 500 {
		t.Fatalf("only %d ties", ties)
	}
}

func TestMonthlyAsInBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		quantity := rapid.Uint64().Draw(t, "quantity")
		unit, discount := amounts().Draw(t, "unit"), percents().Draw(t, "discount")
		num := rapid.Int64Range(1, 1000).Draw(t, "num")
		den := rapid.Int64Range(1, 84_000).Draw(t, "den")
		got, ok := Monthly(quantity, unit, discount, num, den)
		r := exact(quantity, unit, discount)
		want(t, "monthly", got, ok, halfEven(r.Mul(r, big.NewRat(num, den))))
	})
}
