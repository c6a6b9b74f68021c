package pricebook

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"runrate/internal/document"
)

// valid is a small book; a test edits it by replacing one of its lines.
const valid = `version: "1"
currency: USD
products:
  - product: chat
    line: api
    meters:
      tokens:
        - {effective_from: 2026-01-01T00:00:00Z, unit: 1000, price: "2.50", cost: "1"}
        - {effective_from: 2026-02-01T00:00:00Z, unit: 1000, price: "2.00"}
discounts:
  - {account: acct_1, effective_from: 2026-01-01T00:00:00Z, percent: "15"}
`

func TestParseRefuses(t *testing.T) {
	long := strings.Repeat("x", 257)
	for _, c := range []struct{ old, new, want string }{
		// The document.
		{valid, "", `the price book is empty`},
		{valid, "# nothing\n", `the price book is empty`},
		{valid, "null", `line 1: the price book must be a mapping`},
		{valid, "[]", `line 1: the price book must be a mapping`},
		{valid, "a: b: c", `line 1: no YAML near here: mapping values are not allowed in this context`},
		{valid, valid + "---\nversion: 2\n", `line 12: the price book ends here: a second document follows`},
		{valid, "version: \"1\"\ncurrency: [USD\n", `line 1: no YAML near here: did not find expected ',' or ']'`},
		{valid, "version: \"1\"\ncurrency: U\xffSD\n", `line 2: a byte that is no UTF-8`},
		{valid, "version: \"1\"\ncurrency: U\x00SD\n", `line 2: a control character`},
		{valid, "{}", "line 1: version is missing\nline 1: currency is missing\nline 1: products is missing"},
		{`version: "1"`, `version: "1"` + "\nversion: \"2\"", `line 2: version is given twice, first in line 1`},
		{`version: "1"`, `version: 2026-11-01`, `line 1: version 2026-11-01 is no text: write it in quotes`},
		{`version: "1"`, `version:`, `line 1: version is empty`},
		{`version: "1"`, `version: ""`, `line 1: version is empty`},
		{`version: "1"`, "version: \"1\"\nnote: hi", `line 2: note is no key here: only version, currency, products, discounts are`},
		{`version: "1"`, "version: \"1\"\n? [a]\n: b", `line 2: the price book has a key that is no text`},
		{`version: "1"`, "version: \"1\"\n7: b", `line 2: the price book has a key that is no text`},
		{`version: "1"`, "version: \"1\"\n\"a b\": c", `line 2: ["a b"] is no key here: only version, currency, products, discounts are`},
		{"USD", "usd", `line 2: currency "usd" is no ISO 4217 code in force, in upper case, such as USD`},
		{"USD", "DEM", `line 2: currency "DEM" is no ISO 4217 code in force, in upper case, such as USD`},
		{"USD", "840", `line 2: currency 840 is no text: write it in quotes`},
		{"USD", "[USD]", `line 2: currency must be a text`},
		// Aliases.
		{`currency: USD`, "currency: &c USD\ndiscounts: *c", "line 3: discounts is an alias: write the value out\nline 11: discounts is given twice, first in line 3"},
		// Products.
		{valid, "version: \"1\"\ncurrency: USD\nproducts: []\n", `line 3: products is empty`},
		{valid, "version: \"1\"\ncurrency: USD\nproducts:\n", `line 3: products must be a list`},
		{valid, "version: \"1\"\ncurrency: USD\nproducts: {}\n", `line 3: products must be a list`},
		{valid, "version: \"1\"\ncurrency: USD\nproducts: [chat]\n", `line 3: products[0] must be a mapping`},
		{"    line: api\n", "", `line 4: products[0].line is missing`},
		{"    line: api\n", "    lines: api\n", "line 4: products[0].line is missing\nline 5: products[0].lines is no key here: only product, line, meters are"},
		{"line: api", "line: \"  \"", `line 5: products[0].line is empty`},
		{"line: api", "line: 1.5", `line 5: products[0].line 1.5 is no text: write it in quotes`},
		{"line: api", `line: "*"`, `line 5: products[0].line "*" stands for all lines in the views: give the line a name of its own`},
		{"line: api", "line: " + long, `line 5: products[0].line has 257 bytes, more than 256`},
		{"line: api", `line: "a\tb"`, `line 5: products[0].line "a\tb" has a character that cannot be seen`},
		{"line: api", `line: "a\uFFFFb"`, `line 5: products[0].line "a\uffffb" has a character that cannot be seen`},
		{"discounts:", "  - {product: chat, line: api, meters: {a: [{effective_from: 2026-01-01T00:00:00Z, unit: 1, price: \"1\"}]}}\ndiscounts:",
			`line 10: products[1].product "chat" is also that of line 4`},
		// Meters.
		{"discounts:", "  - {product: b, line: api, meters: {}}\ndiscounts:", `line 10: products[1].meters is empty`},
		{"discounts:", "  - {product: b, line: api}\ndiscounts:", `line 10: products[1].meters is missing`},
		{"discounts:", "  - {product: b, line: api, meters: [a]}\ndiscounts:", `line 10: products[1].meters must be a mapping`},
		{"discounts:", "  - {product: b, line: api, meters: {\"\": []}}\ndiscounts:", `line 10: products[1].meters: the name of a meter is empty`},
		{"discounts:", "  - {product: b, line: api, meters: {a: []}}\ndiscounts:", `line 10: products[1].meters.a is empty`},
		{"discounts:", "  - {product: b, line: api, meters: {a: 1}}\ndiscounts:", `line 10: products[1].meters.a must be a list`},
		{"discounts:", "  - {product: b, line: api, meters: {a.b: [1]}}\ndiscounts:", `line 10: products[1].meters["a.b"][0] must be a mapping`},
		// Prices.
		{`price: "2.00"`, `price: "2.0x"`, `line 9: products[0].meters.tokens[1].price "2.0x" is no decimal`},
		{`price: "2.00"`, `price: 2.0x`, `line 9: products[0].meters.tokens[1].price "2.0x" is no decimal`},
		{`price: "2.00"`, `price: 2.00`, `line 9: products[0].meters.tokens[1].price 2.00 is no text: write it in quotes`},
		{`price: "2.00"`, `price: 2`, `line 9: products[0].meters.tokens[1].price 2 is no text: write it in quotes`},
		{`price: "2.00"`, `price: .nan`, `line 9: products[0].meters.tokens[1].price .nan is no text: write it in quotes`},
		{`price: "2.00"`, `price: ""`, `line 9: products[0].meters.tokens[1].price "" is no decimal`},
		{`price: "2.00"`, `price: `, `line 9: products[0].meters.tokens[1].price is empty`},
		{`price: "2.00"`, `price: "1e3"`, `line 9: products[0].meters.tokens[1].price "1e3" is no decimal`},
		{`price: "2.00"`, `price: "-2"`, `line 9: products[0].meters.tokens[1].price "-2" is negative`},
		{`price: "2.00"`, `price: "1000000000000000.01"`, `line 9: products[0].meters.tokens[1].price "1000000000000000.01" is above 10^15: prices are in the main unit, dollars and not cents`},
		{`price: "2.00"`, `price: "0.0000000000001"`, `line 9: products[0].meters.tokens[1].price "0.0000000000001" has more than 12 decimals`},
		{`price: "2.00"`, `price: "0.0000000015"`, `line 9: products[0].meters.tokens[1].price "0.0000000015" / unit 1000 is not exact at 12 decimals: choose them so that the price of one has no more`},
		{`cost: "1"`, `cost: "0.000000000001"`, `line 8: products[0].meters.tokens[0].cost "0.000000000001" / unit 1000 is not exact at 12 decimals: choose them so that the price of one has no more`},
		{`cost: "1"`, `cost: "-1"`, `line 8: products[0].meters.tokens[0].cost "-1" is negative`},
		{`cost: "1"`, `cost: ~`, `line 8: products[0].meters.tokens[0].cost is empty`},
		{`, price: "2.00"`, ``, `line 9: products[0].meters.tokens[1].price is missing`},
		{`price: "2.00"`, `price: "2.00", currency: EUR`, `line 9: products[0].meters.tokens[1].currency is no key here: only effective_from, unit, price, cost are`},
		// Units.
		{`unit: 1000, price: "2.00"`, `unit: 3, price: "2.00"`, `line 9: products[0].meters.tokens[1].price "2.00" / unit 3 is not exact at 12 decimals: choose them so that the price of one has no more`},
		{`unit: 1000, price: "2.00"`, `unit: 0, price: "2.00"`, `line 9: products[0].meters.tokens[1].unit 0 is no whole number from 1 to 2^53`},
		{`unit: 1000, price: "2.00"`, `unit: -1, price: "2.00"`, `line 9: products[0].meters.tokens[1].unit -1 is no whole number from 1 to 2^53`},
		{`unit: 1000, price: "2.00"`, `unit: 1e3, price: "2.00"`, `line 9: products[0].meters.tokens[1].unit 1e3 is no whole number from 1 to 2^53`},
		{`unit: 1000, price: "2.00"`, `unit: 1000.0, price: "2.00"`, `line 9: products[0].meters.tokens[1].unit 1000.0 is no whole number from 1 to 2^53`},
		{`unit: 1000, price: "2.00"`, `unit: 0x10, price: "2.00"`, `line 9: products[0].meters.tokens[1].unit 0x10 is no whole number from 1 to 2^53`},
		{`unit: 1000, price: "2.00"`, `unit: 010, price: "2.00"`, `line 9: products[0].meters.tokens[1].unit 010 is no whole number from 1 to 2^53`},
		{`unit: 1000, price: "2.00"`, `unit: "1000", price: "2.00"`, `line 9: products[0].meters.tokens[1].unit "1000" is no whole number from 1 to 2^53`},
		{`unit: 1000, price: "2.00"`, `unit: 9007199254740993, price: "2.00"`, `line 9: products[0].meters.tokens[1].unit 9007199254740993 is no whole number from 1 to 2^53`},
		{`unit: 1000, price: "2.00"`, `unit: , price: "2.00"`, `line 9: products[0].meters.tokens[1].unit (nothing) is no whole number from 1 to 2^53`},
		// Times.
		{"2026-02-01T00:00:00Z", "2026-01-01T01:00:00+01:00", `line 9: products[0].meters.tokens[1].effective_from 2026-01-01T00:00:00Z is also that of line 8`},
		{"2026-02-01T00:00:00Z", "2026-01-01T00:00:00.0000009Z", `line 9: products[0].meters.tokens[1].effective_from 2026-01-01T00:00:00Z is also that of line 8`},
		{"2026-02-01T00:00:00Z", "2026-02-01", `line 9: products[0].meters.tokens[1].effective_from 2026-02-01 is no RFC 3339 time such as 2026-01-01T00:00:00Z`},
		{"2026-02-01T00:00:00Z", `"2026-02-01"`, `line 9: products[0].meters.tokens[1].effective_from "2026-02-01" is no RFC 3339 time such as 2026-01-01T00:00:00Z`},
		{"2026-02-01T00:00:00Z", "2026-02-30T00:00:00Z", `line 9: products[0].meters.tokens[1].effective_from "2026-02-30T00:00:00Z" is no RFC 3339 time such as 2026-01-01T00:00:00Z`},
		{"2026-02-01T00:00:00Z", "2026-02-01T00:00:00", `line 9: products[0].meters.tokens[1].effective_from "2026-02-01T00:00:00" is no RFC 3339 time such as 2026-01-01T00:00:00Z`},
		{"2026-02-01T00:00:00Z", "2026-02-01 00:00:00Z", `line 9: products[0].meters.tokens[1].effective_from "2026-02-01 00:00:00Z" is no RFC 3339 time such as 2026-01-01T00:00:00Z`},
		{"2026-02-01T00:00:00Z", "1769904000", `line 9: products[0].meters.tokens[1].effective_from 1769904000 is no RFC 3339 time such as 2026-01-01T00:00:00Z`},
		{"2026-02-01T00:00:00Z", `"0000-01-01T00:00:00Z"`, `line 9: products[0].meters.tokens[1].effective_from "0000-01-01T00:00:00Z" is not within the years 1 to 9999`},
		// Discounts.
		{`percent: "15"`, `percent: "100.1"`, `line 11: discounts[0].percent "100.1" is not between 0 and 100`},
		{`percent: "15"`, `percent: "-1"`, `line 11: discounts[0].percent "-1" is not between 0 and 100`},
		{`percent: "15"`, `percent: "15%"`, `line 11: discounts[0].percent "15%" is no decimal`},
		{`percent: "15"`, `percent: 15`, `line 11: discounts[0].percent 15 is no text: write it in quotes`},
		{`, percent: "15"`, ``, `line 11: discounts[0].percent is missing`},
		{`account: acct_1`, `account: 42`, `line 11: discounts[0].account 42 is no text: write it in quotes`},
		{`account: acct_1`, `account: ""`, `line 11: discounts[0].account is empty`},
		{`percent: "15"}`, "percent: \"15\"}\n  - {account: acct_1, effective_from: 2026-01-01T00:00:00Z, percent: \"20\"}",
			`line 12: discounts[1].effective_from 2026-01-01T00:00:00Z is also that of line 11`},
		{valid, valid[:strings.Index(valid, "discounts")] + "discounts: {}\n", `line 10: discounts must be a list`},
	} {
		if strings.Count(valid, c.old) != 1 {
			t.Fatalf("%q is in the book %d times", c.old, strings.Count(valid, c.old))
		}
		b, err := Parse([]byte(strings.Replace(valid, c.old, c.new, 1)))
		var e *document.Error
		if b != nil || !errors.As(err, &e) || err.Error() != c.want {
			t.Errorf("%s\ngot  %v\nwant %s", c.new, err, c.want)
		}
	}
}

func TestParseAccepts(t *testing.T) {
	for _, c := range []struct{ old, new string }{
		{valid, valid},
		{valid, valid[:strings.Index(valid, "discounts")]},
		{valid, valid[:strings.Index(valid, "discounts")] + "discounts: []\n"},
		{valid, "---\n" + valid + "...\n"},
		{valid, strings.ReplaceAll(valid, "\n", "\r\n")},
		{valid, "\ufeff" + valid},
		{`unit: 1000, price: "2.00"`, `unit: 9007199254740992, price: "0"`},
		{`price: "2.00"`, `price: "1000000000000000"`},
		{`percent: "15"`, `percent: "100"`},
		{"2026-02-01T00:00:00Z", `"0001-01-01T00:00:00Z"`},
		{"2026-02-01T00:00:00Z", `2026-02-01T00:00:00.123456789+14:00`},
		{`version: "1"`, `version: &anchor "1"`},
	} {
		b, err := Parse([]byte(strings.Replace(valid, c.old, c.new, 1)))
		if err != nil {
			t.Errorf("%s\n%v", c.new, err)
			continue
		}
		if again, err := Parse(b.JSON()); err != nil || !reflect.DeepEqual(b, again) {
			t.Errorf("%s\nreads back as %+v, %v", c.new, again, err)
		}
	}
}
