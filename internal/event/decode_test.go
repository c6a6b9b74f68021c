package event

import (
	"reflect"
	"strings"
	"testing"
)

func TestDecodeExamples(t *testing.T) {
	var d Decoder
	for name, want := range examples(t) {
		got, bad := d.Decode([]byte(exampleJSON[name]))
		if bad != nil {
			t.Errorf("%s: %v", name, bad)
			continue
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, want)
		}
	}
}

// accepted are changes to an example that leave it the same event, or make it
// the one that is told.
var accepted = []struct {
	name, example, old, new string
	want                    func(e *Event) // nil: the example's own event
}{
	{"white space", usageJSON, `"data":{`, "\"data\" :\t\r\n {", nil},
	{"white space around", usageJSON, `"eu"}}`, "\"eu\"}}\r\n ", nil},
	{"escaped names", usageJSON, `"subject":"acct_42"`, `"\u0073ubject":"acct\u005f42"`, nil},
	{"escaped meter", usageJSON, `"input_tokens"`, `"input\u005ftokens"`, nil},
	{"meters in another order", usageJSON, `"input_tokens":1234,"output_tokens":567`, `"output_tokens":567,"input_tokens":1234`, nil},
	{"data before type", usageJSON, `{"specversion":"1.0","type":"usage.recorded",`,
		`{"specversion":"1.0","extra":{"data":[1,2.5e300,null,{"type":"x"}]},"type":"usage.recorded",`, nil},
	{"unknown data", usageJSON, `"product"`, `"currency":5,"note":[{}],"product"`, nil},
	{"datacontenttype", usageJSON, `"subject"`, `"datacontenttype":"application/json","dataschema":"x","subject"`, nil},
	{"no segment", usageJSON, `"segment":"enterprise",`, ``, func(e *Event) { e.Usage.Segment = "" }},
	{"null segment", usageJSON, `"segment":"enterprise"`, `"segment":null`, func(e *Event) { e.Usage.Segment = "" }},
	{"empty region", usageJSON, `"region":"eu"`, `"region":""`, func(e *Event) { e.Usage.Region = "" }},
	{"quantity 0", usageJSON, `1234`, `0`, func(e *Event) { e.Usage.Quantities[0].Count = 0 }},
	{"quantity 2^53", usageJSON, `1234`, `9007199254740992`, func(e *Event) { e.Usage.Quantities[0].Count = 1 << 53 }},
	{"quantity with a fraction of 0", usageJSON, `1234`, `1234.0`, nil},
	{"quantity with an exponent", usageJSON, `1234`, `1.234e3`, nil},
	{"quantity with an exponent below 0", usageJSON, `1234`, `12340000E-4`, nil},
	{"quantity -0", usageJSON, `1234`, `-0`, func(e *Event) { e.Usage.Quantities[0].Count = 0 }},
	{"quantity 0 with any exponent", usageJSON, `1234`, `-0.000e999999999999999999999`, func(e *Event) { e.Usage.Quantities[0].Count = 0 }},
	{"quantity with a long tail", usageJSON, `1234`, `1234.` + strings.Repeat("0", 5000), nil},
	{"product not ASCII", usageJSON, `chat-large`, `тест-😀`, func(e *Event) { e.Usage.Product = "тест-😀" }},
	{"product in surrogates", usageJSON, `chat-large`, `\ud83d\ude00\n`, func(e *Event) { e.Usage.Product = "😀\n" }},
	{"subject of 1024 bytes", usageJSON, `acct_42`, strings.Repeat("a", 1024), func(e *Event) { e.Account = Account(strings.Repeat("a", 1024)) }},
	{"product of 256 bytes", usageJSON, `chat-large`, strings.Repeat("p", 256), func(e *Event) { e.Usage.Product = strings.Repeat("p", 256) }},

	{"time with offset", usageJSON, `07:31:05.123Z`, `10:31:05.123+03:00`, nil},
	{"time with offset west over midnight", usageJSON, `23T07:31:05.123Z`, `22T21:31:05.123-10:00`, nil},
	{"time with unknown offset", usageJSON, `05.123Z`, `05.123-00:00`, nil},
	{"time in lower case", usageJSON, `T07:31:05.123Z`, `t07:31:05.123z`, nil},
	{"time finer than a microsecond", usageJSON, `.123Z`, `.123000999999999999999999Z`, nil},
	{"time without fraction", usageJSON, `.123Z`, `Z`, func(e *Event) { e.Time -= 123_000 }},
	{"first instant", usageJSON, `2026-11-23T07:31:05.123Z`, `1970-01-01T00:00:00Z`, func(e *Event) { e.Time = 0 }},
	{"first instant elsewhere", usageJSON, `2026-11-23T07:31:05.123Z`, `1969-12-31T23:00:00-01:00`, func(e *Event) { e.Time = 0 }},
	{"last instant", usageJSON, `2026-11-23T07:31:05.123Z`, `2099-12-31T23:59:59.9999999Z`, func(e *Event) { e.Time = MaxTime - 1 }},
	{"last instant elsewhere", usageJSON, `2026-11-23T07:31:05.123Z`, `2100-01-01T00:59:59.999999+01:00`, func(e *Event) { e.Time = MaxTime - 1 }},
	{"leap day", usageJSON, `2026-11-23T07:31:05.123Z`, `2024-02-29T00:00:00Z`, func(e *Event) { e.Time = 1_709_164_800 * Second }},

	{"amount with zeros", adjustmentJSON, `-12.50`, `-0012.500000000000`, nil},
	{"largest amount", adjustmentJSON, `-12.50`, `-1000000000000000.000000000000`, func(e *Event) { e.Adjustment.Amount = minAmount }},
	{"empty reason", adjustmentJSON, `"refund"`, `""`, func(e *Event) { e.Adjustment.Reason = "" }},
	{"one-off", adjustmentJSON, `"reason"`, `"one_off":true,"reason"`, func(e *Event) { e.Adjustment.OneOff = true }},
	{"not one-off", adjustmentJSON, `"reason"`, `"one_off":false,"reason"`, nil},
	{"null for one-off", adjustmentJSON, `"reason"`, `"one_off":null,"reason"`, nil},
	{"usage with one-off", usageJSON, `"product"`, `"one_off":1,"product"`, nil},

	{"no interval count", subscriptionJSON, `"interval_count":1,`, ``, nil},
	{"null interval count", subscriptionJSON, `"interval_count":1`, `"interval_count":null`, nil},
	{"interval count 1000", subscriptionJSON, `"interval_count":1`, `"interval_count":1000`, func(e *Event) { e.Subscription.IntervalCount = 1000 }},
	{"interval count with a fraction of 0", subscriptionJSON, `"interval_count":1`, `"interval_count":10e-1`, nil},
	{"quantity of a subscription with an exponent", subscriptionJSON, `25`, `2.5e+1`, nil},
	{"discount with decimals", subscriptionJSON, `"10"`, `"010.000000000000"`, nil},
	{"quantity 0 of a subscription", subscriptionJSON, `"quantity":25`, `"quantity":0`, func(e *Event) { e.Subscription.Quantity = 0 }},
	{"a star among others", subscriptionJSON, `"chat"`, `"**"`, func(e *Event) { e.Subscription.Line = "**" }},
	{"past due", subscriptionJSON, `"active"`, `"past_due"`, func(e *Event) { e.Subscription.Status = PastDue }},

	{"clock with subject and data", clockJSON, `"source"`, `"subject":"","data":[1],"source"`, nil},
	{"clock with null data", clockJSON, `"source"`, `"subject":null,"data":null,"source"`, nil},
	{"clock that jumps", clockJSON, `"source"`, `"data":{"jump":true},"source"`, func(e *Event) { e.Jump = true }},
	{"clock that does not jump", clockJSON, `"source"`, `"data":{"jump":false,"x":1},"source"`, nil},
	{"clock with null for jump", clockJSON, `"source"`, `"data":{"jump":null},"source"`, nil},
	{"clock with jump elsewhere", clockJSON, `"source"`, `"jump":true,"data":[{"jump":1}],"source"`, nil},
	{"usage with jump", usageJSON, `"product"`, `"jump":1,"product"`, nil},
	{"price book kept as it is", pricebookJSONText, `"products":[]`, `"products" : [ ], "x":1e999`, func(e *Event) {
		e.PriceBook = []byte(`{"version":"2026-11-01","currency":"USD","products" : [ ], "x":1e999}`)
	}},
}

func TestDecodeAccepts(t *testing.T) {
	var d Decoder
	for _, test := range accepted {
		t.Run(test.name, func(t *testing.T) {
			got, bad := d.Decode([]byte(with(t, test.example, test.old, test.new)))
			if bad != nil {
				t.Fatal(bad)
			}
			want, bad := d.Decode([]byte(test.example))
			if bad != nil {
				t.Fatal(bad)
			}
			if test.want != nil {
				test.want(&want)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("\ngot  %+v\nwant %+v", got, want)
			}
		})
	}
}

// TestDecodeSharesNoMemory holds Decode to its promise that the event stays as
// it is when the record's buffer is used again.
func TestDecodeSharesNoMemory(t *testing.T) {
	var d Decoder
	for name, want := range examples(t) {
		proto, err := want.AppendProto(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range [][]byte{[]byte(exampleJSON[name]), proto} {
			got, bad := d.Decode(value)
			if bad != nil {
				t.Fatal(name, bad)
			}
			for i := range value {
				value[i] = '#'
			}
			if _, bad := d.Decode([]byte(`{"x":"\u0078\u0078\u0078\u0078\u0078\u0078"}`)); bad == nil {
				t.Fatal("accepted")
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: after its record was overwritten: %+v", name, got)
			}
		}
	}
}

// TestInternerIsBounded decodes more names than the interner may hold.
func TestInternerIsBounded(t *testing.T) {
	var in interner
	long := strings.Repeat("x", maxInternedLen+1)
	for i := range 3 * maxInterned {
		name := []byte{'n', byte(i), byte(i >> 8), byte(i >> 16)}
		if got := in.get(name); got != string(name) {
			t.Fatalf("get(%q) = %q", name, got)
		}
		if len(in.seen) > maxInterned {
			t.Fatalf("%d strings are held", len(in.seen))
		}
	}
	in.seen = nil
	if in.get([]byte(long)) != long || len(in.seen) != 0 {
		t.Error("a long string is held")
	}
}
