package event

import (
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// rationally is parseNumber by way of big.Rat, which expands exponents.
func rationally(literal string) (n uint64, kind numberKind) {
	x, ok := new(big.Rat).SetString(literal)
	switch {
	case !ok:
		panic(literal)
	case x.Sign() < 0:
		return 0, negative
	case x.Cmp(big.NewRat(1<<53, 1)) > 0:
		return 0, tooLarge
	case !x.IsInt():
		return 0, fraction
	}
	return x.Num().Uint64(), whole
}

func checkNumber(t interface{ Fatalf(string, ...any) }, literal string) {
	n, kind := parseNumber([]byte(literal))
	wantN, want := rationally(literal)
	if n != wantN || kind != want {
		t.Fatalf("%s is %d (%d), want %d (%d)", literal, n, kind, wantN, want)
	}
}

// aNumber draws a JSON number of a small exponent.
func aNumber(t *rapid.T) string {
	return rapid.OneOf(
		rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?`),
		rapid.StringMatching(`-?(0|[1-9]0{0,20})(\.0{1,20})?([eE][+-]?0{0,5}[0-9]{1,2})?`),
		rapid.StringMatching(`0\.0{1,20}[1-9]0{0,3}[eE]\+?[0-9]{1,2}`),
		rapid.StringMatching(`900719925474099[0-9](\.[0-9]{1,3})?`),
		rapid.StringMatching(`9\.00719925474099[0-9]{1,3}e1[4-6]`),
	).Draw(t, "number")
}

// TestNumbers: a number is judged as an exact rational is.
func TestNumbers(t *testing.T) {
	for _, literal := range []string{
		"0", "-0", "0.0", "-0.0e5", "1", "-1", "5.0", "5e3", "5E+3", "0.5e1", "0.05e1", "50e-1", "50e-2", "1e15", "1e16", "1e-1",
		"9007199254740992", "9007199254740993", "9007199254740992.0", "9007199254740991.5", "9007199254740992.5",
		"900719925474099.2e1", "900719925474099.3e1", "10000000000000000", "9999999999999999", "0.0000000000000001e16",
	} {
		checkNumber(t, literal)
	}
	rapid.Check(t, func(t *rapid.T) { checkNumber(t, aNumber(t)) })
}

// TestNumbersAreNotExpanded: what an exponent stands for is not written out,
// so that a short record costs little.
func TestNumbersAreNotExpanded(t *testing.T) {
	for literal, want := range map[string]numberKind{
		"1e999999999":                                          tooLarge,
		"1e-999999999":                                         fraction,
		"-1e999999999":                                         negative,
		"0e999999999":                                          whole,
		"1e" + strings.Repeat("9", 5000):                       tooLarge,
		"1e-" + strings.Repeat("9", 5000):                      fraction,
		"0." + strings.Repeat("0", 4999) + "7e5000":            whole, // 7
		"0." + strings.Repeat("0", 4999) + "7e5001":            whole, // 70
		"0." + strings.Repeat("0", 4999) + "7e4999":            fraction,
		"0." + strings.Repeat("0", 4999) + "7e5016":            tooLarge,
		"1" + strings.Repeat("0", 5000) + "e-5000":             whole, // 1
		"1" + strings.Repeat("0", 5000) + "e-5001":             fraction,
		"1" + strings.Repeat("0", 5000) + "e-0000000000004984": tooLarge,
	} {
		if _, kind := parseNumber([]byte(literal)); kind != want {
			t.Errorf("%.20s… is %d, want %d", literal, kind, want)
		}
	}
	long := []byte("1e999999999")
	if n := testing.AllocsPerRun(100, func() { parseNumber(long) }); n > 0 {
		t.Errorf("%v allocations for %s", n, long)
	}
}

// FuzzNumber: no number crashes, and one of a small exponent is judged as an
// exact rational is.
func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"0", "-0.0e1", "5e3", "1e999999999", "9007199254740992.000", "0.00012e4"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, literal string) {
		if !jsontext.Value(literal).IsValid() || jsontext.Value(literal).Kind() != '0' || strings.TrimSpace(literal) != literal {
			return
		}
		n, kind := parseNumber([]byte(literal))
		if kind == whole && n > MaxQuantity || kind != whole && n != 0 {
			t.Fatalf("%s is %d (%d)", literal, n, kind)
		}
		if _, exponent, ok := strings.Cut(strings.ToLower(literal), "e"); ok {
			if e, err := strconv.Atoi(exponent); err != nil || e > 1000 || e < -1000 {
				return
			}
		}
		checkNumber(t, literal)
	})
}
