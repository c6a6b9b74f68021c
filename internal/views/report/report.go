// Package report reads the figures that people ask for first from the views of
// ClickHouse, as of one hour boundary, and writes them as tables or JSON.
//
// Start at Read, then Report.Write. It uses the views that analysts have
// (DEFINITIONS V1 to V27) and nothing else: all it does can be done by hand in SQL.
package report

import (
	"runrate/schemas/definitions"
	"time"
)

// Report is the figures as of one hour boundary. The lists are sorted by their
// first fields.
type Report struct {
	AsOf     time.Time  `json:"as_of"`    // T, an hour boundary: all before T counts
	Midnight *time.Time `json:"midnight"` // the last one up to AsOf, for Active, NetNew and what follows

	ARRWindowDays int `json:"arr_window_days"` // usage ARR = ARRMultiplier x revenue of that window
	ARRMultiplier int `json:"arr_multiplier"`

	Products  []Product   `json:"products"`
	Windows   []Window    `json:"windows"`
	Active    []Active    `json:"active_accounts"`
	Recurring []Recurring `json:"recurring"`
	Months    []Month     `json:"movements_by_month"`
	ARR       []ARR       `json:"arr"`
	Courses   []Course    `json:"arr_by_day"`
	NetNew    []NetNew    `json:"net_new_arr"`

	Retention []Retention `json:"retention"`
	Movers    []Mover     `json:"top_accounts"`
	Cohorts   []Cohort    `json:"cohorts"`

	Missing   []string `json:"missing"`   // what is in none of the figures, and why
	Sentences []string `json:"sentences"` // one for each line and currency: what it is all for
}

// Product is the usage of a product in [AsOf - 30 days, AsOf).
type Product struct {
	Line     string            `json:"line"`
	Product  string            `json:"product"`
	Currency string            `json:"currency"`
	Calls    uint64            `json:"calls"`
	Meters   map[string]string `json:"meters"` // meter to count
	Revenue  Amount            `json:"revenue"`
	Cost     Amount            `json:"cost"`
}

// Window is a line's usage in [AsOf - Window, AsOf).
type Window struct {
	Line     string `json:"line"`
	Currency string `json:"currency"`
	Window   string `json:"window"` // 24h, 7d, 28d or 30d
	Calls    uint64 `json:"calls"`
	Revenue  Amount `json:"revenue"`
	Cost     Amount `json:"cost"`
}

// Active is how many accounts used a line before Midnight, by window.
type Active struct {
	Line     string            `json:"line"` // * is all lines, each account counted once
	Accounts map[string]uint64 `json:"accounts"`
}

// Movements is how MRR changed, by the kind of change.
type Movements struct {
	New          Amount `json:"new"`
	Expansion    Amount `json:"expansion"`
	Reactivation Amount `json:"reactivation"`
	Contraction  Amount `json:"contraction"` // negative
	Churn        Amount `json:"churn"`       // negative
	Churned      uint64 `json:"churned"`     // times that an account churned
}

// Recurring is a line's subscriptions as of AsOf and all that led there.
type Recurring struct {
	Line          string `json:"line"`
	Currency      string `json:"currency"`
	Subscriptions uint64 `json:"subscriptions"` // with MRR above 0
	MRR           Amount `json:"mrr"`
	Movements
}

// Month is a line's movements in a month, up to AsOf.
type Month struct {
	Line     string `json:"line"`
	Currency string `json:"currency"`
	Month    string `json:"month"` // 2026-11
	Movements
	MRR Amount `json:"mrr"` // at the month's end: all movements up to then
}

// ARR is a line's annual recurring revenue as of AsOf.
type ARR struct {
	Line         string `json:"line"`
	Currency     string `json:"currency"`
	Usage        Amount `json:"usage_arr"`
	Subscription Amount `json:"subscription_arr"`
	ARR          Amount `json:"arr"`
}

// NetNew is the bridge from a line's ARR 30 days before Midnight to that as of
// Midnight.
type NetNew struct {
	Line         string `json:"line"`
	Currency     string `json:"currency"`
	Opening      Amount `json:"opening"`
	New          Amount `json:"new"`
	Expansion    Amount `json:"expansion"`
	Reactivation Amount `json:"reactivation"`
	Contraction  Amount `json:"contraction"`
	Churn        Amount `json:"churn"`
	Closing      Amount `json:"closing"`
	NetNew       Amount `json:"net_new"`
}

// activeWindows are the windows of the view active_accounts.
func activeWindows() []string {
	var names []string
	for _, w := range definitions.Active {
		names = append(names, w.Name)
	}
	return names
}
