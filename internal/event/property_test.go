package event

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"runrate/internal/money"
)

// anyText draws a string of lo to hi bytes of UTF-8 without NUL.
func anyText(lo, hi int) *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[a-z0-9_/.-]{1,12}`),
		rapid.String(),
		rapid.Just("\"\\/\u2028<&>\u007f\n\t"),
		rapid.Just(strings.Repeat("é", hi/2)),
	).Filter(func(s string) bool {
		return lo <= len(s) && len(s) <= hi && utf8.ValidString(s) && !strings.Contains(s, "\x00")
	})
}

func anyAmount(t *rapid.T, signed bool) money.Amount {
	units, picos := rapid.Int64Range(0, MaxAmount-1).Draw(t, "units"), rapid.Int64Range(0, 999_999_999_999).Draw(t, "10^-12")
	whole := money.FromInt(units)
	big := whole.Big()
	fraction := money.FromParts(0, uint64(picos)).Big()
	a, ok := money.FromBig(big.Add(big, fraction))
	if !ok {
		t.Fatalf("%d + %d", units, picos)
	}
	if signed && rapid.Bool().Draw(t, "negative") {
		a = a.Neg()
	}
	return a
}

// anyEvent draws an event that Decode accepts.
func anyEvent(t *rapid.T) Event {
	e := Event{
		Type:   Type(rapid.IntRange(int(UsageRecorded), int(RatesPublished)).Draw(t, "type")),
		Source: anyText(1, MaxAttributeLen).Draw(t, "source"),
		ID:     anyText(1, MaxAttributeLen).Draw(t, "id"),
		Time:   Time(rapid.Int64Range(int64(MinTime), int64(MaxTime)-1).Draw(t, "time")),
	}
	if !e.Type.Control() {
		e.Account = Account(anyText(1, MaxAttributeLen).Draw(t, "account"))
	}
	name, optional := anyText(1, MaxNameLen), anyText(0, MaxNameLen)
	currency := rapid.SampledFrom([]string{"USD", "EUR", "JPY", "BHD", "CLF"})
	switch e.Type {
	case UsageRecorded:
		e.Usage = &Usage{Product: name.Draw(t, "product"), Segment: optional.Draw(t, "segment"), Region: optional.Draw(t, "region")}
		counts := rapid.MapOfN(name, rapid.Uint64Range(0, MaxQuantity), 1, 8).Draw(t, "quantities")
		for meter, count := range counts {
			e.Usage.Quantities = append(e.Usage.Quantities, Quantity{meter, count})
		}
		sortQuantities(e.Usage.Quantities)
	case AdjustmentRecorded:
		e.Adjustment = &Adjustment{
			Product: name.Draw(t, "product"), Segment: optional.Draw(t, "segment"), Region: optional.Draw(t, "region"),
			Amount: anyAmount(t, true), Currency: currency.Draw(t, "currency"), Reason: optional.Draw(t, "reason"), OneOff: rapid.Bool().Draw(t, "one-off"),
		}
	case SubscriptionChanged:
		discount, _ := money.PercentFromRaw(rapid.Uint64Range(0, 100_000_000_000_000).Draw(t, "discount"))
		s := &Subscription{
			ID: name.Draw(t, "subscription"), Line: name.Draw(t, "line"), Plan: name.Draw(t, "plan"),
			Segment: optional.Draw(t, "segment"), Region: optional.Draw(t, "region"),
			Status:     Status(rapid.IntRange(int(Trialing), int(Canceled)).Draw(t, "status")),
			Quantity:   rapid.Uint64Range(0, 1).Draw(t, "quantity"),
			UnitAmount: anyAmount(t, false), Currency: currency.Draw(t, "currency"),
			Interval:      Interval(rapid.IntRange(int(EveryDay), int(EveryYear)).Draw(t, "interval")),
			IntervalCount: rapid.Uint32Range(1, MaxIntervalCount).Draw(t, "interval count"),
			Discount:      discount,
		}
		if s.UnitAmount.Cmp(money.FromInt(1)) <= 0 {
			s.Quantity = rapid.Uint64Range(0, MaxAmount).Draw(t, "quantity")
		}
		e.Subscription = s
	case ClockTicked:
		e.Jump = rapid.Bool().Draw(t, "jump")
	case RatesPublished:
		e.Rates = []byte(rapid.SampledFrom([]string{`{}`, `{"rates":[]}`}).Draw(t, "rates"))
	case PricebookPublished:
		e.PriceBook = []byte(rapid.SampledFrom([]string{`{}`, `{"a":{"b":[1,2,{}]}}`, "{ \"a\" :\n1.50e+3 }"}).Draw(t, "book"))
	}
	return e
}

// sortQuantities orders them as Decode does.
func sortQuantities(q []Quantity) {
	for i := 1; i < len(q); i++ {
		for j := i; j > 0 && q[j].Meter < q[j-1].Meter; j-- {
			q[j], q[j-1] = q[j-1], q[j]
		}
	}
}

// TestRoundTrip: both forms of an event decode to it.
func TestRoundTrip(t *testing.T) {
	var d Decoder
	rapid.Check(t, func(t *rapid.T) {
		want := anyEvent(t)
		proto, err := want.AppendProto(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range [][]byte{want.AppendJSON(nil), proto} {
			got, bad := d.Decode(value)
			if bad != nil {
				t.Fatalf("%v: %q", bad, value)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%q\ngot  %+v\nwant %+v", value, got, want)
			}
		}
	})
}

// TestIdentity: the identity follows account, source, id and time, and nothing
// else.
func TestIdentity(t *testing.T) {
	var d Decoder
	base, _ := d.Decode([]byte(usageJSON))
	// Pinned: identities are stored.
	if got := fmt.Sprintf("%x", base.Identity()); got != "bda22a216867fd45b1d1392791f94b1b" {
		t.Errorf("the identity is %s", got)
	}
	same, _ := d.Decode([]byte(with(t, usageJSON, `1234`, `1`)))
	if same.Identity() != base.Identity() {
		t.Error("the identity depends on data")
	}
	seen := map[[16]byte]string{base.Identity(): "base"}
	for name, e := range map[string]Event{
		"account":              {Account: "b", Source: base.Source, ID: base.ID, Time: base.Time},
		"source":               {Account: base.Account, Source: "b", ID: base.ID, Time: base.Time},
		"id":                   {Account: base.Account, Source: base.Source, ID: "b", Time: base.Time},
		"time":                 {Account: base.Account, Source: base.Source, ID: base.ID, Time: base.Time + 1},
		"a border moved":       {Account: base.Account + "a", Source: base.Source[1:], ID: base.ID, Time: base.Time},
		"a border moved right": {Account: base.Account, Source: base.Source + base.ID, ID: "", Time: base.Time},
	} {
		if other := seen[e.Identity()]; other != "" {
			t.Errorf("%s and %s have the same identity", name, other)
		}
		seen[e.Identity()] = name
	}
}

// TestDecodeIsDeterministic: a used decoder answers as a new one does.
func TestDecodeIsDeterministic(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var used Decoder
	for range 20_000 {
		test := refusals[random.IntN(len(refusals))]
		value := []byte(with(t, test.example, test.old, test.new))
		value[1+random.IntN(len(value)-1)] = byte(random.Uint32())
		var fresh Decoder
		e1, bad1 := used.Decode(value)
		e2, bad2 := fresh.Decode(value)
		if !reflect.DeepEqual(bad1, bad2) || !reflect.DeepEqual(e1, e2) {
			t.Fatalf("%q\nused  %+v %v\nfresh %+v %v", value, e1, bad1, e2, bad2)
		}
	}
}
