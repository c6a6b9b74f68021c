package event

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	eventsv1 "runrate/schemas/events/v1"
	"runrate/test/sentences"
)

// message is e as the generated message: what a producer would fill in.
func message(e Event) *eventsv1.Event {
	m := &eventsv1.Event{
		Specversion: proto.String("1.0"),
		Type:        proto.String(e.Type.String()),
		Source:      &e.Source,
		Id:          &e.ID,
		Time:        timestamppb.New(e.Time.UTC()),
	}
	if !e.Type.Control() {
		m.Subject = proto.String(string(e.Account))
	}
	optional := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	switch {
	case e.Jump:
		m.Jump = proto.Bool(true)
	case e.Usage != nil:
		quantities := map[string]uint64{}
		for _, q := range e.Usage.Quantities {
			quantities[q.Meter] = q.Count
		}
		m.Data = &eventsv1.Event_Usage{Usage: &eventsv1.UsageRecorded{
			Product: &e.Usage.Product, Quantities: quantities,
			Segment: optional(e.Usage.Segment), Region: optional(e.Usage.Region),
		}}
	case e.Adjustment != nil:
		a := e.Adjustment
		m.Data = &eventsv1.Event_Adjustment{Adjustment: &eventsv1.AdjustmentRecorded{
			Product: &a.Product, Amount: proto.String(a.Amount.String()), Currency: &a.Currency, Reason: &a.Reason,
			Segment: optional(a.Segment), Region: optional(a.Region),
		}}
		if a.OneOff {
			m.GetAdjustment().OneOff = proto.Bool(true)
		}
	case e.Subscription != nil:
		s := e.Subscription
		d := &eventsv1.SubscriptionChanged{
			Subscription: &s.ID, Line: &s.Line, Plan: &s.Plan, Status: eventsv1.Status(s.Status).Enum(),
			Quantity: &s.Quantity, UnitAmount: proto.String(s.UnitAmount.String()), Currency: &s.Currency,
			Interval: eventsv1.Interval(s.Interval).Enum(),
			Segment:  optional(s.Segment), Region: optional(s.Region),
		}
		if s.IntervalCount != 1 {
			d.IntervalCount = &s.IntervalCount
		}
		if !s.Discount.IsZero() {
			d.DiscountPercent = proto.String(s.Discount.String())
		}
		m.Data = &eventsv1.Event_Subscription{Subscription: d}
	case e.PriceBook != nil:
		m.Data = &eventsv1.Event_Pricebook{Pricebook: &eventsv1.PricebookPublished{Json: proto.String(string(e.PriceBook))}}
	case e.Rates != nil:
		m.Data = &eventsv1.Event_Rates{Rates: &eventsv1.RatesPublished{Json: proto.String(string(e.Rates))}}
	}
	return m
}

// TestGeneratedCode: what this package writes by hand, the generated code reads
// as the same event, and the other way round.
func TestGeneratedCode(t *testing.T) {
	var d Decoder
	rapid.Check(t, func(t *rapid.T) {
		want := anyEvent(t)
		raw, err := proto.Marshal(message(want))
		if err != nil {
			t.Fatal(err)
		}
		got, bad := d.Decode(raw)
		if bad != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%v\ngot  %+v\nwant %+v", bad, got, want)
		}

		raw, err = want.AppendProto(nil)
		if err != nil {
			t.Fatal(err)
		}
		back := &eventsv1.Event{}
		if err := proto.Unmarshal(raw, back); err != nil || !proto.Equal(back, message(want)) {
			t.Fatalf("%v\ngot  %v\nwant %v", err, back, message(want))
		}
	})
}

// TestEnums: the numbers of the Protobuf enums are those of Status and Interval.
func TestEnums(t *testing.T) {
	for s := Trialing; s <= Canceled; s++ {
		if got := eventsv1.Status(s).String(); got != "STATUS_"+strings.ToUpper(s.String()) {
			t.Errorf("%s is %s", s, got)
		}
	}
	for i := EveryDay; i <= EveryYear; i++ {
		if got := eventsv1.Interval(i).String(); got != "INTERVAL_"+strings.ToUpper(i.String()) {
			t.Errorf("%s is %s", i, got)
		}
	}
	if len(eventsv1.Status_name) != len(statusNames) || len(eventsv1.Interval_name) != len(intervalNames) {
		t.Error("an enum has values that the package does not know")
	}
	for _, name := range []string{"", "Active", "none"} {
		if _, ok := ParseStatus(name); ok {
			t.Errorf("%q is a status", name)
		}
		if _, ok := ParseInterval(name); ok {
			t.Errorf("%q is an interval", name)
		}
	}
}

// TestProtoRefuses has an entry for each rule on the Protobuf form.
func TestProtoRefuses(t *testing.T) {
	type change = func(*eventsv1.Event)
	tests := []struct {
		name, example string
		change        change
		reason        Reason
	}{
		{"no specversion", "usage.recorded", func(m *eventsv1.Event) { m.Specversion = nil }, Malformed},
		{"no type", "usage.recorded", func(m *eventsv1.Event) { m.Type = nil }, Malformed},
		{"no source", "usage.recorded", func(m *eventsv1.Event) { m.Source = nil }, Malformed},
		{"no id", "usage.recorded", func(m *eventsv1.Event) { m.Id = nil }, Malformed},
		{"no time", "usage.recorded", func(m *eventsv1.Event) { m.Time = nil }, Malformed},
		{"no subject", "usage.recorded", func(m *eventsv1.Event) { m.Subject = nil }, Malformed},
		{"negative nanos", "usage.recorded", func(m *eventsv1.Event) { m.Time.Nanos = -1 }, Malformed},
		{"too many nanos", "usage.recorded", func(m *eventsv1.Event) { m.Time.Nanos = 1_000_000_000 }, Malformed},
		{"after year 9999", "usage.recorded", func(m *eventsv1.Event) { m.Time.Seconds = 253_402_300_800 }, Malformed},
		{"before 1970", "usage.recorded", func(m *eventsv1.Event) { m.Time.Seconds = -1 }, Invalid},
		{"empty id", "usage.recorded", func(m *eventsv1.Event) { m.Id = proto.String("") }, Invalid},
		{"unknown type", "usage.recorded", func(m *eventsv1.Event) { m.Type = proto.String("x") }, UnknownType},
		{"no data", "usage.recorded", func(m *eventsv1.Event) { m.Data = nil }, Malformed},
		{"other data", "usage.recorded", func(m *eventsv1.Event) { m.Type = proto.String("adjustment.recorded") }, Malformed},
		{"no product", "usage.recorded", func(m *eventsv1.Event) { m.GetUsage().Product = nil }, Malformed},
		{"no quantities", "usage.recorded", func(m *eventsv1.Event) { m.GetUsage().Quantities = nil }, Invalid},
		{"quantity too large", "usage.recorded", func(m *eventsv1.Event) { m.GetUsage().Quantities["a"] = 1<<53 + 1 }, Invalid},
		{"empty meter", "usage.recorded", func(m *eventsv1.Event) { m.GetUsage().Quantities[""] = 1 }, Invalid},
		{"no amount", "adjustment.recorded", func(m *eventsv1.Event) { m.GetAdjustment().Amount = nil }, Malformed},
		{"no status", "subscription.changed", func(m *eventsv1.Event) { m.GetSubscription().Status = nil }, Malformed},
		{"status unspecified", "subscription.changed", func(m *eventsv1.Event) { m.GetSubscription().Status = eventsv1.Status(0).Enum() }, Invalid},
		{"status unknown", "subscription.changed", func(m *eventsv1.Event) { m.GetSubscription().Status = eventsv1.Status(-7).Enum() }, Invalid},
		{"interval unknown", "subscription.changed", func(m *eventsv1.Event) { m.GetSubscription().Interval = eventsv1.Interval(5).Enum() }, Invalid},
		{"interval count", "subscription.changed", func(m *eventsv1.Event) { m.GetSubscription().IntervalCount = proto.Uint32(0) }, Invalid},
		{"no book", "pricebook.published", func(m *eventsv1.Event) { m.GetPricebook().Json = nil }, Malformed},
		{"book no object", "pricebook.published", func(m *eventsv1.Event) { m.GetPricebook().Json = proto.String("[]") }, Malformed},
		{"book with bytes after", "pricebook.published", func(m *eventsv1.Event) { m.GetPricebook().Json = proto.String("{} {}") }, Malformed},
		{"no rates", "rates.published", func(m *eventsv1.Event) { m.GetRates().Json = nil }, Malformed},
		{"rates no object", "rates.published", func(m *eventsv1.Event) { m.GetRates().Json = proto.String("7") }, Malformed},
		{"book cut off", "pricebook.published", func(m *eventsv1.Event) { m.GetPricebook().Json = proto.String(`{"a":`) }, Malformed},
	}
	var d Decoder
	var said []sentences.Said
	for _, test := range tests {
		m := message(examples(t)[test.example])
		test.change(m)
		raw, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		bad := refuse(t, &d, raw)
		if bad.Reason != test.reason {
			t.Errorf("%s: %v, want %s", test.name, bad, test.reason)
		}
		said = append(said, sentences.Said{Of: test.example + ": " + test.name, Sentence: bad.Error()})
	}
	sentences.Check(t, "testdata/sentences/proto.txt", said)
}

// TestProtoRefusesBytes holds the strictness of the Protobuf form's encoding.
func TestProtoRefusesBytes(t *testing.T) {
	raw, err := examples(t)["usage.recorded"].AppendProto(nil)
	if err != nil {
		t.Fatal(err)
	}
	twiceMeter := appendString([]byte(nil), fieldUsage, bytes.Repeat(
		appendString([]byte(nil), usageQuantities, appendUint(appendString([]byte(nil), mapKey, "m"), mapValue, 1)), 2))
	nested := bytes.Repeat(protowire.AppendTag(nil, 99, protowire.StartGroupType), 20_000)
	tests := []struct{ name, value string }{
		{"text", "hello"},
		{"cut off", string(raw[:len(raw)-1])},
		{"twice", string(raw) + string(raw)},
		{"data twice", string(raw) + string(appendString([]byte(nil), fieldAdjustment, ""))},
		{"meter twice", string(twiceMeter)},
		{"no UTF-8", string(appendString([]byte(nil), fieldSource, "a\xff"))},
		{"wrong wire type", string(appendUint(nil, fieldSource, 1))},
		{"groups without end", string(nested)},
		{"jump of the wrong wire type", string(appendString(nil, fieldJump, "x"))},
		{"field 0", "\x00\x00"},
		{"huge length", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"},
	}
	var d Decoder
	var said []sentences.Said
	for _, test := range tests {
		bad := refuse(t, &d, []byte(test.value))
		if bad.Reason != Malformed {
			t.Errorf("%s: %v", test.name, bad)
		}
		said = append(said, sentences.Said{Of: test.name, Sentence: bad.Error()})
	}
	sentences.Check(t, "testdata/sentences/protobytes.txt", said)
}

// TestProtoIgnores: fields that are not known, at each level, change nothing.
func TestProtoIgnores(t *testing.T) {
	unknown := appendString(appendUint(nil, 1000, 7), 1001, "x")
	unknown = protowire.AppendTag(unknown, 1002, protowire.StartGroupType)
	unknown = protowire.AppendTag(unknown, 1002, protowire.EndGroupType)
	var d Decoder
	for name, want := range examples(t) {
		m := message(want)
		m.ProtoReflect().SetUnknown(unknown)
		m.Time.ProtoReflect().SetUnknown(unknown)
		switch data := m.Data.(type) {
		case *eventsv1.Event_Usage:
			data.Usage.ProtoReflect().SetUnknown(unknown)
		case *eventsv1.Event_Adjustment:
			data.Adjustment.ProtoReflect().SetUnknown(unknown)
		case *eventsv1.Event_Subscription:
			data.Subscription.ProtoReflect().SetUnknown(unknown)
		case *eventsv1.Event_Pricebook:
			data.Pricebook.ProtoReflect().SetUnknown(unknown)
		case *eventsv1.Event_Rates:
			data.Rates.ProtoReflect().SetUnknown(unknown)
		}
		raw, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		got, bad := d.Decode(raw)
		if bad != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\ngot  %+v\nwant %+v", name, bad, got, want)
		}
	}
}
