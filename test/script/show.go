package script

import (
	"strings"

	"runrate/internal/money"
)

// showEvent is TIME ACCOUNT DIMENSIONS CURRENCY QUANTITIES REVENUE COST, with
// "adjustment" for the quantities of one.
func showEvent(c []string) string {
	what := c[7]
	if c[12] == "adjustment.recorded" {
		what = "adjustment"
	}
	return strings.Join([]string{trim(c[1]), c[0], dimensions(c[2:6]), c[6], what, short(c[8]), short(c[9])}, " ")
}

// showNetNew is LINE CURRENCY and the parts that are not 0 by name, "all 0" if none
// is.
func showNetNew(c []string) string {
	parts := []string{c[0], c[1]}
	for i, name := range []string{"opening", "new", "expansion", "reactivation", "contraction", "churn", "closing"} {
		if amount := short(c[2+i]); amount != "0" {
			parts = append(parts, name, amount)
		}
	}
	if len(parts) == 2 {
		parts = append(parts, "all 0")
	}
	return strings.Join(parts, " ")
}

// showAccounting is TOPIC and what is not 0 of accepted, duplicate, refused; a topic
// with control records only is left out.
func showAccounting(c []string) string {
	parts := []string{c[0]}
	for i, name := range []string{"accepted", "duplicate", "refused"} {
		if n := c[4+i]; n != "0" {
			parts = append(parts, name, n)
		}
	}
	if len(parts) == 1 {
		return ""
	}
	return strings.Join(parts, " ")
}

// dimensions are LINE/PRODUCT[/SEGMENT[/REGION]].
func dimensions(c []string) string { return strings.TrimRight(strings.Join(c, "/"), "/") }

// trim drops the decimals of a second that are zero.
func trim(instant string) string { return strings.Replace(instant, ".000000Z", "Z", 1) }

// short drops the trailing zeros of an amount.
func short(decimal string) string {
	a, err := money.Parse(decimal)
	if err != nil {
		panic("script: a view shows an amount that is none: " + err.Error())
	}
	return a.String()
}
