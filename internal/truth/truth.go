// Package truth holds what the views must show of a simulated company, number
// by number. Producer simulate computes it apart from the folds; package check
// compares it with what ClickHouse shows.
package truth

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"runrate/internal/event"
	"runrate/internal/money"
)

// Decimal is an amount of money as a decimal string in JSON.
type Decimal struct{ money.Amount }

// MarshalText is the shortest plain decimal.
func (d Decimal) MarshalText() ([]byte, error) { return d.AppendText(nil), nil }

// UnmarshalText reads a plain decimal.
func (d *Decimal) UnmarshalText(text []byte) (err error) {
	d.Amount, err = money.Parse(string(text))
	return err
}

// The simulated company: a line priced per token, a line sold by subscription,
// and the currency of both. No other producer of this project uses these lines,
// so that a truth can be checked beside other data.
const (
	UsageLine        = "api-platform"
	SubscriptionLine = "chat-apps"
	Currency         = "USD"
)

// FaultSource is the CloudEvents source of all that must be refused, in
// ordinary events' stead, so that a check finds them among the dead letters.
const FaultSource = "simulate/faults"

// Truth is what the numbers of a simulated company must be, exactly, once its
// history is folded. All amounts are in Currency. Usage revenue includes
// adjustments.
type Truth struct {
	Preset   string    `json:"preset,omitempty"`
	Seed     uint64    `json:"seed"`
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"` // a midnight; all that is "as of" is as of it
	Accounts int       `json:"accounts"`
	Currency string    `json:"currency"`

	Sent        Sent         `json:"sent"`
	Usage       []Usage      `json:"usage"`       // by month and product
	Windows     []Window     `json:"windows"`     // as of End
	Adjustments []Adjustment `json:"adjustments"` // by month
	Active      []Active     `json:"active"`      // as of End
	Movements   []Movement   `json:"movements"`   // of MRR, by month
	MRR         []MRR        `json:"mrr"`         // as of End
	ARR         []ARR        `json:"arr"`         // as of End
	NetNew      []NetNew     `json:"net_new_arr"` // as of End, against 30 days before
}

// Sent is what was sent, by what is to become of it. The first three are
// accepted events.
type Sent struct {
	Usage         uint64                  `json:"usage"`
	Adjustments   uint64                  `json:"adjustments"`
	Subscriptions uint64                  `json:"subscriptions"`
	Late          uint64                  `json:"late"` // of the accepted: an hour or more
	Duplicates    uint64                  `json:"duplicates"`
	Refused       map[event.Reason]uint64 `json:"refused"` // by reason
}

// Usage is the usage of a product in a month.
type Usage struct {
	Line    string  `json:"line"`
	Product string  `json:"product"`
	Month   string  `json:"month"`
	Revenue Decimal `json:"revenue"`
	Cost    Decimal `json:"cost"`
	Events  uint64  `json:"events"`
}

// Window is the usage of a product in a rolling window.
type Window struct {
	Line    string  `json:"line"`
	Product string  `json:"product"`
	Window  string  `json:"window"`
	Revenue Decimal `json:"revenue"`
	Cost    Decimal `json:"cost"`
	Events  uint64  `json:"events"`
}

// Adjustment is the adjustments of a month.
type Adjustment struct {
	Line   string  `json:"line"`
	Month  string  `json:"month"`
	Count  uint64  `json:"count"`
	Amount Decimal `json:"amount"`
}

// Active is the accounts with usage in a window.
type Active struct {
	Line     string `json:"line"`
	Window   string `json:"window"`
	Accounts uint64 `json:"accounts"`
}

// Movement is the MRR movements of one kind in a month.
type Movement struct {
	Line     string  `json:"line"`
	Month    string  `json:"month"`
	Movement string  `json:"movement"`
	Count    uint64  `json:"count"`
	Amount   Decimal `json:"amount"`
}

// MRR is the MRR of a plan.
type MRR struct {
	Line          string  `json:"line"`
	Plan          string  `json:"plan"`
	MRR           Decimal `json:"mrr"`
	Subscriptions uint64  `json:"subscriptions"` // with MRR above 0
	Ever          uint64  `json:"contracts"`     // subscriptions ever, whatever their state
}

// ARR is the ARR of a line.
type ARR struct {
	Line         string  `json:"line"`
	Usage        Decimal `json:"usage_arr"`
	Subscription Decimal `json:"subscription_arr"`
	ARR          Decimal `json:"arr"`
}

// NetNew is how a line's ARR came from 30 days ago to now.
type NetNew struct {
	Line         string  `json:"line"`
	Opening      Decimal `json:"opening"`
	New          Decimal `json:"new"`
	Expansion    Decimal `json:"expansion"`
	Reactivation Decimal `json:"reactivation"`
	Contraction  Decimal `json:"contraction"`
	Churn        Decimal `json:"churn"`
	Closing      Decimal `json:"closing"`
	NetNew       Decimal `json:"net_new"`
}

// Columns are the amounts of the bridge by the names of the view's columns, in
// its order.
func (n NetNew) Columns() []struct {
	Name   string
	Amount money.Amount
} {
	return []struct {
		Name   string
		Amount money.Amount
	}{
		{"opening", n.Opening.Amount}, {"new", n.New.Amount}, {"expansion", n.Expansion.Amount},
		{"reactivation", n.Reactivation.Amount}, {"contraction", n.Contraction.Amount}, {"churn", n.Churn.Amount},
		{"closing", n.Closing.Amount}, {"net_new", n.NetNew.Amount},
	}
}

// Write writes the truth as JSON; the same truth gives the same bytes.
func (t *Truth) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(t)
}

// Read reads what Write wrote.
func Read(r io.Reader) (*Truth, error) {
	var t Truth
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&t); err != nil {
		return nil, fmt.Errorf("read the truth: %w", err)
	}
	if t.End.IsZero() || t.Currency != Currency {
		return nil, fmt.Errorf("read the truth: not one of runrate simulate")
	}
	return &t, nil
}
