package simulate

import (
	"fmt"
	"strconv"

	"runrate/internal/event"
	"runrate/internal/pricebook"
	"runrate/producers/publish"
)

// Message is one event to send. It and what it points to are good until the
// next.
type Message struct {
	Event event.Event
	Raw   []byte // instead of Event, if it is not empty: what no event can say

	usage      event.Usage
	quantities [meters]event.Quantity
	id         []byte
}

// Route is where it goes.
func (out *Message) Route() publish.Route {
	return publish.Route{Type: out.Event.Type, Subject: string(out.Event.Account)}
}

// Format is the form in which events are sent.
type Format uint8

// The two forms of an event.
const (
	Protobuf Format = iota
	JSON
)

// ParseFormat reads "proto" or "json".
func ParseFormat(s string) (Format, error) {
	switch s {
	case "proto":
		return Protobuf, nil
	case "json":
		return JSON, nil
	}
	return 0, fmt.Errorf("format %q: it is proto or json", s)
}

// Append appends the record's value.
func (out *Message) Append(dst []byte, f Format) []byte {
	switch {
	case len(out.Raw) > 0:
		return append(dst, out.Raw...)
	case f == JSON:
		return out.Event.AppendJSON(dst)
	}
	dst, err := out.Event.AppendProto(dst)
	if err != nil {
		panic("simulate: " + err.Error()) // an event without the data of its type
	}
	return dst
}

const clockSource = "simulate/clock"

// book is the message that puts a price book in force.
func (out *Message) book(b *pricebook.Book, at event.Time) *Message {
	*out = Message{Event: event.Event{Type: event.PricebookPublished, Source: clockSource, ID: b.Version + "@" + at.String(), Time: at, PriceBook: b.JSON()}}
	return out
}

// tick is the message that moves the clock to an instant, with jump from wherever
// it stood.
func (out *Message) tick(at event.Time, jump bool) *Message {
	out.Raw = out.Raw[:0]
	out.Event = event.Event{Type: event.ClockTicked, Source: clockSource, ID: "tick-" + at.String(), Time: at, Jump: jump}
	return out
}

// The CloudEvents sources of a history, by region.
var (
	gateways = [regions]string{"simulate/api-gateway/us", "simulate/api-gateway/eu", "simulate/api-gateway/apac"}
	billing  = "simulate/billing"
)

// message fills out with an arrival.
func (m *Model) message(out *Message, a arrival) *Message {
	out.Raw = out.Raw[:0]
	out.id = strconv.AppendUint(append(out.id[:0], "s"...), a.serial, 10)
	out.Event = event.Event{Type: a.kind, Source: billing, ID: string(out.id), Account: a.account, Time: a.time}
	switch a.kind {
	case event.UsageRecorded:
		out.Event.Source = gateways[a.region]
		out.fill(&a)
		if a.fault != "" {
			out.spoil(&a)
		}
	case event.AdjustmentRecorded:
		out.Event.Adjustment = a.adjustment
	case event.SubscriptionChanged:
		out.Event.Subscription = a.subscription
	}
	return out
}

// fill sets the data of a usage event.
func (out *Message) fill(a *arrival) {
	n := 0
	for i, count := range a.counts {
		if count > 0 {
			out.quantities[n] = event.Quantity{Meter: meterNames[i], Count: count}
			n++
		}
	}
	out.usage = event.Usage{Product: productNames[a.product], Segment: segmentNames[a.segment], Region: regionNames[a.region], Quantities: out.quantities[:n]}
	out.Event.Usage = &out.usage
}
