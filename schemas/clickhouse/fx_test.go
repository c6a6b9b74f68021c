package chschema

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestConverted holds the SQL of a conversion against exact fractions, with amounts of
// all sizes, and quotients that lie in the middle of two decimals.
func TestConverted(t *testing.T) {
	conn, _ := connect(t)
	r := rand.New(rand.NewPCG(1, 2))
	digits := func(most int) *big.Int {
		text := make([]byte, 1+r.IntN(most))
		for i := range text {
			text[i] = byte('0' + r.IntN(10))
		}
		n, _ := new(big.Int).SetString(string(text), 10)
		return n
	}
	one := func(n *big.Int) *big.Int { return n.Add(n, big.NewInt(1)) }
	var tuples, want []string
	for i := range 2000 {
		amount, worth, asked := digits(30), one(digits(20)), one(digits(20))
		if i%2 == 0 { // a tie: an odd multiple of a half
			asked.SetInt64(2 << r.IntN(8))
			worth.Rsh(asked, 1)
		}
		if i%3 == 0 {
			amount.Neg(amount)
		}
		q := halfEven(new(big.Rat).SetFrac(new(big.Int).Mul(amount, worth), asked))
		if q.CmpAbs(new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil)) >= 0 {
			continue // no Decimal(38, 12); below
		}
		tuples = append(tuples, fmt.Sprintf("('%s','%s','%s')", decimal12(amount), decimal12(worth), decimal12(asked)))
		want = append(want, decimal12(q))
	}
	if len(want) < 1000 {
		t.Fatalf("%d cases", len(want))
	}
	sql := "SELECT toDecimalString(" + sqlText{}.Converted("x.a", "x.w", "x.k") + ", 12) FROM (SELECT toDecimal128(t.1, 12) AS a, toDecimal128(t.2, 12) AS w, toDecimal128(t.3, 12) AS k FROM (SELECT arrayJoin([" + strings.Join(tuples, ",") + "]) AS t)) AS x"
	got := table(t, conn, sql)
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i, row := range got {
		if row[0] != want[i] {
			t.Errorf("%s: %s, want %s", tuples[i], row[0], want[i])
		}
	}
	// A rate that is missing makes 0 (and the views leave the row out); a result that no
	// column holds is an error, and no other number.
	missing := strings.NewReplacer("AMOUNT", "1", "WORTH", "0", "ASKED", "1")
	const single = "SELECT toDecimalString(EXPR, 12) FROM (SELECT toDecimal128('AMOUNT', 12) AS a, toDecimal128('WORTH', 12) AS w, toDecimal128('ASKED', 12) AS k) AS x"
	query := strings.Replace(single, "EXPR", sqlText{}.Converted("x.a", "x.w", "x.k"), 1)
	if rows := table(t, conn, missing.Replace(query)); rows[0][0] != "0.000000000000" {
		t.Errorf("without a rate: %v", rows)
	}
	large := strings.NewReplacer("AMOUNT", strings.Repeat("9", 25), "WORTH", "999999999", "ASKED", "0.000001")
	if rows, err := conn.Query(t.Context(), large.Replace(query)); err == nil {
		for rows.Next() {
		}
		if rows.Err() == nil {
			t.Error("an amount that no column holds is no error")
		}
	}
}

// halfEven is x rounded to a whole number, half to even.
func halfEven(x *big.Rat) *big.Int {
	floor, rest := new(big.Int).DivMod(x.Num(), x.Denom(), new(big.Int))
	switch c := new(big.Int).Lsh(rest, 1).Cmp(x.Denom()); {
	case c > 0, c == 0 && floor.Bit(0) == 1:
		floor.Add(floor, big.NewInt(1))
	}
	return floor
}

// decimal12 is n times 10^-12.
func decimal12(n *big.Int) string {
	return new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(12), nil)).FloatString(12)
}
