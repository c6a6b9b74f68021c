// Package event holds the six events that runrate accepts, how they are
// decoded from the log, and the reasons for which one is refused.
//
// Start at Event, then Decode. The package is pure: bytes in, an event or a
// refusal out.
package event

import (
	"time"

	"runrate/internal/money"
)

// Time is an instant in microseconds since 1970-01-01T00:00:00Z.
type Time int64

// TimeOf is t to the microsecond, finer parts cut off.
func TimeOf(t time.Time) Time { return Time(t.UnixMicro()) }

// UTC is the instant as a time.Time in UTC.
func (t Time) UTC() time.Time { return time.UnixMicro(int64(t)).UTC() }

// timeLayout is RFC 3339 in UTC with up to six decimals of a second.
const timeLayout = "2006-01-02T15:04:05.999999Z"

// String is RFC 3339 in UTC with up to six decimals of a second.
func (t Time) String() string { return t.UTC().Format(timeLayout) }

// Spans of time in the unit of Time.
const (
	Second Time = 1_000_000
	Minute      = 60 * Second
	Hour        = 60 * Minute
	Day         = 24 * Hour
)

// The instants an event or a tick may carry: MinTime <= t < MaxTime. Outside
// of them it is refused as invalid, so that no time overflows the hour panes
// or ClickHouse's DateTime.
const (
	MinTime Time = 0                      // 1970-01-01T00:00:00Z
	MaxTime Time = 4_102_444_800 * Second // 2100-01-01T00:00:00Z
)

// Account is the customer account that an event is about: its CloudEvents
// subject and its record key.
type Account string

// Event is one decoded event. Exactly one of Usage, Adjustment, Subscription,
// PriceBook and Rates is set, by Type; for ClockTicked none, it may have Jump.
type Event struct {
	Type    Type
	Source  string
	ID      string
	Account Account // empty for control events
	Time    Time

	Usage        *Usage
	Adjustment   *Adjustment
	Subscription *Subscription
	PriceBook    []byte // the book as JSON, not yet parsed
	Rates        []byte // the set of exchange rates as JSON, not yet parsed
	Jump         bool   // the tick may be far ahead of the clock (DEFINITIONS R9)

	// Invalid is the first thing that DEFINITIONS R4 finds wrong with the values of a
	// well-formed event, nil if nothing is. It is a field, not Decode's error,
	// because R3 (placement) is judged between decoding and R4.
	Invalid *Refusal
}

// Usage is the data of usage.recorded.
type Usage struct {
	Product    string
	Segment    string
	Region     string
	Quantities []Quantity // at least one, sorted by Meter, each meter once
}

// Quantity is a count of one meter's unit, 0..MaxQuantity.
type Quantity struct {
	Meter string
	Count uint64
}

// MaxQuantity is the largest quantity an event may carry (DEFINITIONS E7): 2^53,
// the largest integer that every JSON implementation holds exactly.
const MaxQuantity = 1 << 53

// Adjustment is the data of adjustment.recorded.
type Adjustment struct {
	Product  string
	Segment  string
	Region   string
	Amount   money.Amount // signed
	Currency string       // ISO 4217
	Reason   string
	OneOff   bool // not made annual
}

// Subscription is the data of subscription.changed: the whole state of the
// subscription from the event's time on.
type Subscription struct {
	ID            string
	Line          string
	Plan          string
	Segment       string
	Region        string
	Status        Status
	Quantity      uint64 // 0..MaxQuantity
	UnitAmount    money.Amount
	Currency      string // ISO 4217
	Interval      Interval
	IntervalCount uint32 // 1..MaxIntervalCount
	Discount      money.Percent
}

// MaxIntervalCount bounds a billing interval: 1,000 years is a mistake.
const MaxIntervalCount = 1000

// Status is the state of a subscription.
type Status uint8

// The states of a subscription. Active and PastDue pay; the others do not
// (DEFINITIONS S3).
const (
	Trialing Status = iota + 1
	Active
	PastDue
	Paused
	Unpaid
	Canceled
)

// Interval is the unit of a billing interval.
type Interval uint8

// The units of a billing interval.
const (
	EveryDay Interval = iota + 1
	EveryWeek
	EveryMonth
	EveryYear
)
