package fx

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// valid is a small set; a test edits it by replacing one of its parts.
const valid = `version: "2026-11"
reference: USD
rates:
  - {currency: JPY, effective_from: 2026-02-01T00:00:00Z, rate: "0.0065"}
  - {currency: EUR, effective_from: 2026-01-01T00:00:00Z, rate: "1.0832"}
  - {currency: JPY, effective_from: 2026-01-01T00:00:00Z, rate: "0.00640"}
`

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{valid, "", "the set of rates is empty"},
		{valid, "[]", "line 1: the set of rates must be a mapping"},
		{valid, "{}", "line 1: version is missing\nline 1: reference is missing\nline 1: rates is missing"},
		{"USD", "usd", `line 2: reference "usd" is no ISO 4217 code in force, in upper case, such as EUR`},
		{"rates:\n", "note: x\nrates:\n", "line 3: note is no key here: only version, reference, rates are"},
		{"EUR", "DEM", `line 5: rates[1].currency "DEM" is no ISO 4217 code in force, in upper case, such as EUR`},
		{"EUR", "USD", `line 5: rates[1].currency "USD" is the reference, whose rate is always 1: leave it out`},
		{`"1.0832"`, `1.0832`, "line 5: rates[1].rate 1.0832 is no text: write it in quotes"},
		{`"1.0832"`, `"0"`, `line 5: rates[1].rate "0" is not above 0`},
		{`"1.0832"`, `"-1"`, `line 5: rates[1].rate "-1" is not above 0`},
		{`"1.0832"`, `"1000000000.000000000001"`, `line 5: rates[1].rate "1000000000.000000000001" is above 10^9: a rate is how many units of the reference one unit of the currency is worth, not the other way round`},
		{"2026-02-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "line 6: rates[2]: a rate of JPY from 2026-01-01T00:00:00Z is also in line 4"},
		{"2026-02-01T00:00:00Z", "2026-02-01", `line 4: rates[0].effective_from 2026-02-01 is no RFC 3339 time such as 2026-01-01T00:00:00Z`},
		{"2026-02-01T00:00:00Z", "2100-01-01T00:00:00Z", "line 4: rates[0].effective_from 2100-01-01T00:00:00Z is not from 1970 until before 2100"},
		{`, rate: "1.0832"`, "", "line 5: rates[1].rate is missing"},
	} {
		if strings.Count(valid, c.old) != 1 {
			t.Fatalf("%q does not stand once", c.old)
		}
		set, err := Parse([]byte(strings.Replace(valid, c.old, c.new, 1)))
		if err == nil || err.Error() != c.want {
			t.Errorf("%q -> %q: %+v, %v\nwant %s", c.old, c.new, set, err, c.want)
		}
	}
}

// TestJSON: the canonical text, which reads back as the same set.
func TestJSON(t *testing.T) {
	set, err := Parse([]byte(valid))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"version":"2026-11","reference":"USD","rates":[` +
		`{"currency":"EUR","effective_from":"2026-01-01T00:00:00Z","rate":"1.0832"},` +
		`{"currency":"JPY","effective_from":"2026-01-01T00:00:00Z","rate":"0.0064"},` +
		`{"currency":"JPY","effective_from":"2026-02-01T00:00:00Z","rate":"0.0065"}]}`
	if got := string(set.JSON()); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	for _, text := range []string{want, `{"version":"v","reference":"EUR","rates":[]}`} {
		set, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(set.JSON())
		if err != nil || !reflect.DeepEqual(again, set) || string(set.JSON()) != text {
			t.Errorf("%s reads back as %+v, %v", set.JSON(), again, err)
		}
	}
}

// TestParseNeverPanics: whatever the bytes are, they are a set or have a reason.
func TestParseNeverPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(valid)
		for range rapid.IntRange(0, 6).Draw(t, "edits") {
			at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			text[at] = rapid.SampledFrom([]byte("\x00\n :-{}[]\"'&*!1aZ")).Draw(t, "byte")
		}
		if set, err := Parse(text); (set == nil) == (err == nil) || err != nil && err.Error() == "" {
			t.Fatalf("%q: %+v, %v", text, set, err)
		}
	})
}
