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
		detail        string
	}{
		{"no specversion", "usage.recorded", func(m *eventsv1.Event) { m.Specversion = nil }, Malformed, `specversion is missing; the string "1.0" is required`},
		{"no type", "usage.recorded", func(m *eventsv1.Event) { m.Type = nil }, Malformed, `type is missing; a string is required`},
		{"no source", "usage.recorded", func(m *eventsv1.Event) { m.Source = nil }, Malformed, `source is missing; a string is required`},
		{"no id", "usage.recorded", func(m *eventsv1.Event) { m.Id = nil }, Malformed, `id is missing; a string is required`},
		{"no time", "usage.recorded", func(m *eventsv1.Event) { m.Time = nil }, Malformed, `time is missing; ` + aTime + ` is required`},
		{"no subject", "usage.recorded", func(m *eventsv1.Event) { m.Subject = nil }, Malformed, `subject is missing; a string is required`},
		{"negative nanos", "usage.recorded", func(m *eventsv1.Event) { m.Time.Nanos = -1 }, Malformed,
			`time is 1795419065 s and -1 ns since 1970; a timestamp of the years 1 to 9999 with 0 to 999999999 ns is required`},
		{"too many nanos", "usage.recorded", func(m *eventsv1.Event) { m.Time.Nanos = 1_000_000_000 }, Malformed,
			`time is 1795419065 s and 1000000000 ns since 1970; a timestamp of the years 1 to 9999 with 0 to 999999999 ns is required`},
		{"after year 9999", "usage.recorded", func(m *eventsv1.Event) { m.Time.Seconds = 253_402_300_800 }, Malformed,
			`time is 253402300800 s and 123000000 ns since 1970; a timestamp of the years 1 to 9999 with 0 to 999999999 ns is required`},
		{"before 1970", "usage.recorded", func(m *eventsv1.Event) { m.Time.Seconds = -1 }, Invalid, `time is -1 s and 123000000 ns since 1970; ` + timeBounds},
		{"empty id", "usage.recorded", func(m *eventsv1.Event) { m.Id = proto.String("") }, Invalid, `id is ""; it must not be empty`},
		{"unknown type", "usage.recorded", func(m *eventsv1.Event) { m.Type = proto.String("x") }, UnknownType, `type is "x"` + typesDetail},
		{"no data", "usage.recorded", func(m *eventsv1.Event) { m.Data = nil }, Malformed, `data is missing; an object is required`},
		{"other data", "usage.recorded", func(m *eventsv1.Event) { m.Type = proto.String("adjustment.recorded") }, Malformed,
			`data is that of usage.recorded; that of adjustment.recorded is required`},
		{"no product", "usage.recorded", func(m *eventsv1.Event) { m.GetUsage().Product = nil }, Malformed, `data.product is missing; a string is required`},
		{"no quantities", "usage.recorded", func(m *eventsv1.Event) { m.GetUsage().Quantities = nil }, Invalid, `data.quantities is empty; at least one meter is required`},
		{"quantity too large", "usage.recorded", func(m *eventsv1.Event) { m.GetUsage().Quantities["a"] = 1<<53 + 1 }, Invalid,
			`data.quantities.a is 9007199254740993; a quantity is ` + aCount},
		{"empty meter", "usage.recorded", func(m *eventsv1.Event) { m.GetUsage().Quantities[""] = 1 }, Invalid, `a meter of data.quantities is ""; it must not be empty`},
		{"no amount", "adjustment.recorded", func(m *eventsv1.Event) { m.GetAdjustment().Amount = nil }, Malformed, `data.amount is missing; a decimal in a string is required`},
		{"no status", "subscription.changed", func(m *eventsv1.Event) { m.GetSubscription().Status = nil }, Malformed, `data.status is missing; a string is required`},
		{"status unspecified", "subscription.changed", func(m *eventsv1.Event) { m.GetSubscription().Status = eventsv1.Status(0).Enum() }, Invalid, `data.status is "0"; ` + statuses},
		{"status unknown", "subscription.changed", func(m *eventsv1.Event) { m.GetSubscription().Status = eventsv1.Status(-7).Enum() }, Invalid, `data.status is "-7"; ` + statuses},
		{"interval unknown", "subscription.changed", func(m *eventsv1.Event) { m.GetSubscription().Interval = eventsv1.Interval(5).Enum() }, Invalid,
			`data.interval is "5"; it is one of day, week, month, year`},
		{"interval count", "subscription.changed", func(m *eventsv1.Event) { m.GetSubscription().IntervalCount = proto.Uint32(0) }, Invalid,
			`data.interval_count is 0; it is an integer from 1 to 1000`},
		{"no book", "pricebook.published", func(m *eventsv1.Event) { m.GetPricebook().Json = nil }, Malformed,
			`data.json is missing; the price book as a JSON object is required`},
		{"book no object", "pricebook.published", func(m *eventsv1.Event) { m.GetPricebook().Json = proto.String("[]") }, Malformed,
			`data.json is no strict JSON object from byte 0 on: does not begin with '{'`},
		{"book with bytes after", "pricebook.published", func(m *eventsv1.Event) { m.GetPricebook().Json = proto.String("{} {}") }, Malformed,
			`data.json is no strict JSON object from byte 2 on: bytes after the object`},
		{"book cut off", "pricebook.published", func(m *eventsv1.Event) { m.GetPricebook().Json = proto.String(`{"a":`) }, Malformed,
			`data.json is no strict JSON object from byte 5 on: unexpected EOF`},
	}
	var d Decoder
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := message(examples(t)[test.example])
			test.change(m)
			raw, err := proto.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, &d, string(raw), test.reason, test.detail)
		})
	}
}

// TestProtoRefusesBytes holds the strictness of the Protobuf form's encoding.
func TestProtoRefusesBytes(t *testing.T) {
	const neither = "the value is neither a JSON object nor the message runrate.events.v1.Event: "
	const begins = "a JSON event begins with '{', not with white space, a byte order mark or an array"
	raw, err := examples(t)["usage.recorded"].AppendProto(nil)
	if err != nil {
		t.Fatal(err)
	}
	twiceMeter := appendString([]byte(nil), fieldUsage, bytes.Repeat(
		appendString([]byte(nil), usageQuantities, appendUint(appendString([]byte(nil), mapKey, "m"), mapValue, 1)), 2))
	nested := bytes.Repeat(protowire.AppendTag(nil, 99, protowire.StartGroupType), 20_000)
	tests := []struct{ name, value, detail string }{
		{"text", "hello", neither + "field 13 cannot be read: it is no Protobuf"},
		{"JSON after a blank", "\n" + usageJSON, `the value begins with "\n"; ` + begins},
		{"JSON after a byte order mark", "\ufeff" + usageJSON, `the value begins with "\xef"; ` + begins},
		{"JSON array", "[" + usageJSON + "]", `the value begins with "["; ` + begins},
		{"cut off", string(raw[:len(raw)-1]), neither + "data cannot be read: the record ends within it"},
		{"twice", string(raw) + string(raw), "specversion is set twice; once is required"},
		{"data twice", string(raw) + string(appendString([]byte(nil), fieldAdjustment, "")), "data is set twice; once is required"},
		{"meter twice", string(twiceMeter), `data.quantities has the meter "m" twice; each once is required`},
		{"no UTF-8", string(appendString([]byte(nil), fieldSource, "a\xff")), `source is "a\xff"; UTF-8 is required`},
		{"wrong wire type", string(appendUint(nil, fieldSource, 1)), "source has wire type 0; 2 is required"},
		{"groups without end", string(nested), neither + "field 99 cannot be read: it is no Protobuf"},
		{"field 0", "\x00\x00", neither + "a field's tag cannot be read: it is no Protobuf"},
		{"huge length", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", neither + "specversion cannot be read: the record ends within it"},
	}
	var d Decoder
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			expect(t, &d, test.value, Malformed, test.detail)
		})
	}
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
