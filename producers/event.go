// Package producers publishes usage and subscription events from Go services: the SDK.
//
// Make an Event with Usage, Adjustment or Subscription: its id and time are fixed then,
// and what would be refused is refused there, in the same words. Emit it with a Producer,
// which holds a bounded number of bytes, waits for all in-sync replicas, tells of each
// event what became of it, and drops none in silence: what Kafka has not acknowledged
// when the service ends, Close returns.
//
// The packages below are what the program's own commands publish with.
package producers

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"runrate/internal/event"
)

// Event is one event, checked and fixed: a retry sends the same one again, which counts
// once. The zero value is none.
type Event struct {
	event event.Event
}

// Refusal is why an event would not be counted: a word as in the view dead_letters
// (invalid, malformed) and a sentence that names the value, the rule and the way out.
type Refusal struct{ Reason, Detail string }

// Error is the reason and the sentence.
func (r *Refusal) Error() string { return r.Reason + ": " + r.Detail }

// Option sets what is optional of an event.
type Option func(*envelope)

// ID sets the id, which together with source, account and time names the event. It is a
// UUIDv7 by default; set it where the event has a name already, such as a request's id.
func ID(id string) Option { return func(e *envelope) { e.ID = id } }

// Time sets when it happened; now by default. It is kept to the microsecond.
func Time(t time.Time) Option {
	return func(e *envelope) { e.Time = t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano) }
}

// Segment and Region set those dimensions; "" by default.
func Segment(name string) Option { return func(e *envelope) { e.Data["segment"] = name } }

// Region sets that dimension; "" by default.
func Region(name string) Option { return func(e *envelope) { e.Data["region"] = name } }

// OneOff makes an adjustment one that is not made annual: it counts as revenue, and usage
// ARR leaves it out.
func OneOff() Option { return func(e *envelope) { e.Data["one_off"] = true } }

// IntervalCount sets of how many intervals a subscription's billing period is; 1 by default.
func IntervalCount(n int) Option { return func(e *envelope) { e.Data["interval_count"] = n } }

// DiscountPercent sets a subscription's discount, a decimal from 0 to 100; "0" by default.
func DiscountPercent(percent string) Option {
	return func(e *envelope) { e.Data["discount_percent"] = percent }
}

// envelope is an event as JSON.
type envelope struct {
	Specversion string         `json:"specversion"`
	Type        string         `json:"type"`
	Source      string         `json:"source"`
	ID          string         `json:"id"`
	Time        string         `json:"time"`
	Subject     string         `json:"subject"`
	Data        map[string]any `json:"data"`
}

// Usage is usage of a product by an account: how much of each meter, 0 to 2^53. source
// names what publishes, such as "gateway/eu-1". The error is a *Refusal.
func Usage(source, account, product string, quantities map[string]uint64, options ...Option) (Event, error) {
	if quantities == nil {
		quantities = map[string]uint64{} // which is told that it is empty
	}
	return build(event.UsageRecorded, source, account, map[string]any{"product": product, "quantities": quantities}, options)
}

// Adjustment adds a signed amount, a decimal such as "-12.50", to a product's revenue: a
// refund, credit or correction. The currency is of ISO 4217. The error is a *Refusal.
func Adjustment(source, account, product, amount, currency, reason string, options ...Option) (Event, error) {
	return build(event.AdjustmentRecorded, source, account,
		map[string]any{"product": product, "amount": amount, "currency": currency, "reason": reason}, options)
}

// State is what a subscription is from an event's time on.
type State struct {
	ID         string // of the subscription, within its account
	Line       string // business line
	Plan       string
	Status     string // trialing, active, past_due, paused, unpaid or canceled
	Quantity   uint64 // seats
	UnitAmount string // a decimal, for one seat and one billing period
	Currency   string // ISO 4217
	Interval   string // day, week, month or year
}

// Subscription is a subscription's whole state from now on, or from Time on. The error
// is a *Refusal.
func Subscription(source, account string, s State, options ...Option) (Event, error) {
	return build(event.SubscriptionChanged, source, account, map[string]any{
		"subscription": s.ID, "line": s.Line, "plan": s.Plan, "status": s.Status, "quantity": s.Quantity,
		"unit_amount": s.UnitAmount, "currency": s.Currency, "interval": s.Interval,
	}, options)
}

// Parse reads an event from its JSON, as Event.JSON wrote it or anything else did. The
// error is a *Refusal. Control records are none of these events.
func Parse(text []byte) (Event, error) {
	e, refusal := new(event.Decoder).Decode(text)
	if refusal == nil {
		refusal = e.Invalid
	}
	if refusal == nil && e.Type.Control() {
		refusal = &event.Refusal{Reason: event.UnknownType, Detail: fmt.Sprintf("type is %q, a control record, which is published by runrate's own commands", e.Type)}
	}
	if refusal != nil {
		return Event{}, &Refusal{string(refusal.Reason), refusal.Detail}
	}
	return Event{e}, nil
}

func build(t event.Type, source, account string, data map[string]any, options []Option) (Event, error) {
	out := envelope{Specversion: "1.0", Type: t.String(), Source: source, Subject: account, Data: data}
	Time(time.Now())(&out)
	for _, o := range options {
		o(&out)
	}
	if out.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return Event{}, fmt.Errorf("make an id: %w", err)
		}
		out.ID = id.String()
	}
	text, err := json.Marshal(out)
	if err != nil {
		return Event{}, fmt.Errorf("encode %s: %w", t, err)
	}
	return Parse(text)
}

// ID is the event's id.
func (e Event) ID() string { return e.event.ID }

// Source is the event's source.
func (e Event) Source() string { return e.event.Source }

// Account is whom the event is about.
func (e Event) Account() string { return string(e.event.Account) }

// Type is the event's type, such as usage.recorded.
func (e Event) Type() string { return e.event.Type.String() }

// Time is when it happened, in UTC.
func (e Event) Time() time.Time { return e.event.Time.UTC() }

// JSON is the event as JSON, to keep what Close returns: Parse reads it, and so does
// runrate publish.
func (e Event) JSON() []byte {
	if e.event.Type == 0 {
		return []byte("null")
	}
	return e.event.AppendJSON(nil)
}
