package chschema

import (
	"fmt"
	"strings"
)

// Ask is what views are asked for that take parameters.
type Ask struct {
	Currency string // of arr_in, net_new_arr_in
	AsOf     string // a midnight passed: a date, of the views over accounts
	KnownOn  string // a midnight from AsOf on, or any instant: of arr_as_known
	Days     int    // that arr_bridge and retention look back
}

// parameters are those of each view that takes some.
func (a Ask) parameters() map[string]string {
	quoted := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	currency, asOf, days := "currency = "+quoted(a.Currency), "as_of = "+quoted(a.AsOf), fmt.Sprintf(", days = %d", a.Days)
	return map[string]string{
		"arr_in": currency, "net_new_arr_in": currency,
		"account_arr": asOf, "arr_bridge": asOf + days, "retention": asOf + days, "cohorts": asOf,
		"arr_as_known": asOf + ", known_on = " + quoted(a.KnownOn),
	}
}

// Of is the view as it stands after FROM, with its parameters if it takes any. It may be
// named with its database.
func (a Ask) Of(view string) string {
	name := strings.Trim(view[strings.LastIndexByte(view, '.')+1:], "`")
	if given, ok := a.parameters()[name]; ok {
		return view + "(" + given + ")"
	}
	return view
}
