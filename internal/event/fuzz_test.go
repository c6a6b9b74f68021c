package event

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	eventsv1 "runrate/schemas/events/v1"
)

// checkDecoded holds what is true of every answer of Decode.
func checkDecoded(t *testing.T, value []byte, e Event, bad *Refusal) {
	t.Helper()
	for _, refusal := range []*Refusal{bad, e.Invalid} {
		if refusal == nil {
			continue
		}
		if refusal.Detail == "" || len(refusal.Detail) > 600 || !utf8.ValidString(refusal.Detail) {
			t.Errorf("the detail is %q", refusal.Detail)
		}
	}
	if bad != nil {
		if bad.Reason != Malformed && bad.Reason != UnknownType || !reflect.DeepEqual(e, Event{}) {
			t.Errorf("%+v with %v", e, bad)
		}
		return
	}
	if e.Invalid != nil {
		if e.Invalid.Reason != Invalid {
			t.Errorf("Invalid is %v", e.Invalid)
		}
		return
	}
	if e.Time < MinTime || e.Time >= MaxTime || e.ID == "" || e.Source == "" || (e.Account == "") != e.Type.Control() {
		t.Errorf("accepted %+v", e)
	}
	if u := e.Usage; u != nil {
		if len(u.Quantities) == 0 || len(u.Quantities) > MaxMeters {
			t.Errorf("accepted %d meters", len(u.Quantities))
		}
		for i, q := range u.Quantities {
			if q.Meter == "" || q.Count > MaxQuantity || i > 0 && u.Quantities[i-1].Meter >= q.Meter {
				t.Errorf("accepted %+v", u.Quantities)
			}
		}
	}

	// Both forms of it are the same event.
	asProto, err := e.AppendProto(nil)
	if err != nil {
		t.Fatal(err)
	}
	var d Decoder
	for _, form := range [][]byte{e.AppendJSON(nil), asProto} {
		if again, bad := d.Decode(form); bad != nil || !reflect.DeepEqual(again, e) {
			t.Errorf("%q\nis %+v\nand %q %+v %v", value, e, form, again, bad)
		}
	}
}

func seeds(f *testing.F, proto bool) {
	for name, e := range examples(f) {
		if !proto {
			f.Add([]byte(exampleJSON[name]))
			continue
		}
		value, err := e.AppendProto(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(value)
	}
}

// FuzzDecodeJSON: no input crashes Decode, what it accepts any JSON parser
// accepts, with a time that the time package reads as the same.
func FuzzDecodeJSON(f *testing.F) {
	seeds(f, false)
	for _, test := range refusals {
		f.Add([]byte(with(f, test.example, test.old, test.new)))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		value = append([]byte{'{'}, value[min(1, len(value)):]...)
		var d Decoder
		e, bad := d.Decode(value)
		checkDecoded(t, value, e, bad)
		if bad != nil {
			return
		}
		var plain map[string]json.RawMessage // exact names, unlike a struct's
		if err := json.Unmarshal(value, &plain); err != nil {
			t.Fatalf("accepted %q: %v", value, err)
		}
		var written string
		if err := json.Unmarshal(plain["time"], &written); err != nil {
			t.Fatal(err)
		}
		if at, err := time.Parse(time.RFC3339Nano, upperTZ(written)); err != nil || TimeOf(at) != e.Time {
			t.Errorf("%q is %v, not %v (%v)", written, at, e.Time, err)
		}
	})
}

// upperTZ is an RFC 3339 time with T and Z in upper case, as package time
// wants them.
func upperTZ(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c == 't' || c == 'z' {
			b[i] = c - 0x20
		}
	}
	return string(b)
}

// FuzzDecodeProto: no input crashes Decode, and what it accepts the generated
// code accepts.
func FuzzDecodeProto(f *testing.F) {
	seeds(f, true)
	f.Fuzz(func(t *testing.T, value []byte) {
		var d Decoder
		e, bad := d.Decode(value)
		checkDecoded(t, value, e, bad)
		if bad != nil || value[0] == '{' {
			return
		}
		m := &eventsv1.Event{}
		if err := proto.Unmarshal(value, m); err != nil {
			t.Fatalf("accepted %q: %v", value, err)
		}
		if e.Invalid == nil && (m.GetId() != e.ID || m.GetSource() != e.Source || m.GetType() != e.Type.String()) {
			t.Errorf("%v\nis not %+v", m, e)
		}
	})
}

// FuzzRoundTrip: an event built of any values is refused or read back alike in
// both forms.
func FuzzRoundTrip(f *testing.F) {
	f.Add("api-gateway/eu-1", "01JD8", "acct_42", int64(exampleTime), "chat-large", "input_tokens", uint64(1234), "enterprise", "eu")
	f.Fuzz(func(t *testing.T, source, id, account string, at int64, product, meter string, count uint64, segment, region string) {
		for _, s := range []string{source, id, account, product, meter, segment, region} {
			if !utf8.ValidString(s) {
				return
			}
		}
		if Time(at) < MinTime || Time(at) >= MaxTime { // other years have no RFC 3339 form
			return
		}
		e := Event{
			Type: UsageRecorded, Source: source, ID: id, Account: Account(account), Time: Time(at),
			Usage: &Usage{Product: product, Segment: segment, Region: region, Quantities: []Quantity{{meter, count}}},
		}
		asProto, err := e.AppendProto(nil)
		if err != nil {
			t.Fatal(err)
		}
		var d Decoder
		one, bad1 := d.Decode(e.AppendJSON(nil))
		two, bad2 := d.Decode(asProto)
		if bad1 != nil || bad2 != nil {
			t.Fatal(bad1, bad2)
		}
		if one.Invalid == nil && !reflect.DeepEqual(one, e) || !reflect.DeepEqual(one, two) {
			t.Errorf("%+v\nJSON     %+v %v\nProtobuf %+v %v", e, one, one.Invalid, two, two.Invalid)
		}
	})
}
