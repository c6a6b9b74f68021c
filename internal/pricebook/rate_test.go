package pricebook

import (
	"fmt"
	"testing"
	"time"

	"runrate/internal/event"
	"runrate/internal/money"
)

// at is an RFC 3339 instant.
func at(t testing.TB, s string) event.Time {
	t.Helper()
	tm, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return event.TimeOf(tm)
}

func TestPriceInForce(t *testing.T) {
	b := load(t, "testdata/book.yaml")
	for _, c := range []struct{ product, meter, at, price, cost string }{
		{"chat-large", "input_tokens", "2025-12-31T23:59:59.999999Z", "", ""},
		{"chat-large", "input_tokens", "2026-01-01T00:00:00Z", "0.0000025", "0.0000006"},
		{"chat-large", "input_tokens", "2026-09-30T23:59:59.999999Z", "0.0000025", "0.0000006"},
		{"chat-large", "input_tokens", "2026-10-01T00:00:00Z", "0.000002", "0.0000005"},
		{"chat-large", "input_tokens", "2099-01-01T00:00:00Z", "0.000002", "0.0000005"},
		{"chat-large", "seconds", "2026-10-01T00:00:00Z", "", ""},
		{"speech", "seconds", "2026-02-01T00:00:00.499999Z", "", ""},
		{"speech", "seconds", "2026-02-01T00:00:00.5Z", "0.000000000001", "0"},
	} {
		p, ok := b.Product(c.product)
		if !ok {
			t.Fatalf("no product %s", c.product)
		}
		pr, ok := p.Price(c.meter, at(t, c.at))
		if ok != (c.price != "") || ok && (pr.PerUnit.String() != c.price || pr.CostPerUnit.String() != c.cost) {
			t.Errorf("%s %s at %s is %+v, %v; want %s, %s", c.product, c.meter, c.at, pr, ok, c.price, c.cost)
		}
	}
	if p, ok := b.Product("chat"); ok || p != nil {
		t.Error("there is a product chat")
	}
	if p, _ := b.Product("speech"); p.Line != "voice" || p.Name != "speech" {
		t.Errorf("speech is %s of line %s", p.Name, p.Line)
	}
}

func TestDiscountInForce(t *testing.T) {
	b := load(t, "testdata/book.yaml")
	for _, c := range []struct{ account, at, percent string }{
		{"acct_42", "2026-05-31T23:59:59.999999Z", "0"},
		{"acct_42", "2026-06-01T00:00:00Z", "15"},
		{"acct_42", "2026-08-31T23:59:59.999999Z", "15"},
		{"acct_42", "2026-09-01T00:00:00Z", "0"},
		{"acct_7", "2030-01-01T00:00:00Z", "50"},
		{"acct_8", "2030-01-01T00:00:00Z", "0"},
	} {
		if got := b.Discount(event.Account(c.account), at(t, c.at)); got.String() != c.percent {
			t.Errorf("%s at %s has %s%%, want %s%%", c.account, c.at, got, c.percent)
		}
	}
}

func TestRate(t *testing.T) {
	b := load(t, "testdata/book.yaml")
	for _, c := range []struct {
		account, product, at string
		quantities           []event.Quantity
		revenue, cost        string
		refusal              string
	}{
		{"acct_1", "chat-large", "2026-11-23T07:31:05.123Z",
			[]event.Quantity{{Meter: "input_tokens", Count: 1234}, {Meter: "output_tokens", Count: 567}},
			"0.008138", "0.0019778", ""},
		{"acct_42", "chat-large", "2026-07-01T00:00:00Z",
			[]event.Quantity{{Meter: "input_tokens", Count: 1234}, {Meter: "output_tokens", Count: 567}},
			"0.00744175", "0.0021012", ""},
		// Rounded per meter, half to even; the cost is not discounted.
		{"acct_7", "speech", "2026-07-01T00:00:00Z", []event.Quantity{{Meter: "seconds", Count: 1}}, "0", "0", ""},
		{"acct_7", "speech", "2026-07-01T00:00:00Z", []event.Quantity{{Meter: "seconds", Count: 3}}, "0.000000000002", "0", ""},
		{"acct_1", "chat-large", "2026-07-01T00:00:00Z", []event.Quantity{{Meter: "input_tokens"}}, "0", "0", ""},
		{"acct_1", "chat-large", "2026-07-01T00:00:00Z",
			[]event.Quantity{{Meter: "input_tokens", Count: 1}, {Meter: "seconds"}, {Meter: "years"}}, "0", "0",
			`unpriced_meter: price book "2026-11-01" has no price for meter "seconds" of product "chat-large" at 2026-07-01T00:00:00Z: publish a book with one from then on, then runrate redrive`},
		{"acct_1", "speech", "2026-02-01T00:00:00.25Z", []event.Quantity{{Meter: "seconds", Count: 1}}, "0", "0",
			`unpriced_meter: price book "2026-11-01" has no price for meter "seconds" of product "speech" at 2026-02-01T00:00:00.25Z: publish a book with one from then on, then runrate redrive`},
	} {
		p, _ := b.Product(c.product)
		revenue, cost, refusal := b.Rate(event.Account(c.account), p, at(t, c.at), c.quantities)
		if text := textOf(refusal); revenue.String() != c.revenue || cost.String() != c.cost || text != c.refusal {
			t.Errorf("%+v: got %s, %s, %s", c, revenue, cost, text)
		}
	}
}

func textOf(r *event.Refusal) string {
	if r == nil {
		return ""
	}
	return r.Error()
}

func TestRateBounds(t *testing.T) {
	const tooMuch = `invalid: the quantities of product "p" come to a revenue or cost above 1000000000000000 USD: check them, and the unit of its prices`
	for _, c := range []struct {
		price, cost string
		quantities  []event.Quantity
		want        string
	}{
		{"1000000000000000", "0", []event.Quantity{{Meter: "a", Count: 1}}, ""},
		{"1", "1000000000000000", []event.Quantity{{Meter: "a", Count: 1}}, ""},
		{"1000000000000000", "0", []event.Quantity{{Meter: "a", Count: 2}}, tooMuch},
		{"0", "1000000000000000", []event.Quantity{{Meter: "a", Count: 2}}, tooMuch},
		{"1000000000000000", "0", []event.Quantity{{Meter: "a", Count: 1}, {Meter: "b", Count: 1}}, tooMuch},
		{"1000000000000000", "1000000000000000", []event.Quantity{{Meter: "a", Count: event.MaxQuantity}}, tooMuch},
		{"1000000000000000", "0", []event.Quantity{{Meter: "a", Count: event.MaxQuantity}, {Meter: "c", Count: 1}},
			`unpriced_meter: price book "1" has no price for meter "c" of product "p" at 2026-01-01T00:00:00Z: publish a book with one from then on, then runrate redrive`},
	} {
		b, err := Parse(fmt.Appendf(nil, `{"version":"1","currency":"USD","products":[{"product":"p","line":"l","meters":{
			"a":[{"effective_from":"2026-01-01T00:00:00Z","unit":1,"price":%q,"cost":%q}],
			"b":[{"effective_from":"2026-01-01T00:00:00Z","unit":1,"price":"0.000000000001"}]}}]}`, c.price, c.cost))
		if err != nil {
			t.Fatal(err)
		}
		p, _ := b.Product("p")
		revenue, cost, refusal := b.Rate("acct", p, at(t, "2026-01-01T00:00:00Z"), c.quantities)
		if textOf(refusal) != c.want || refusal != nil && (!revenue.IsZero() || !cost.IsZero()) {
			t.Errorf("%+v: %s, %s, %s", c, revenue, cost, textOf(refusal))
		}
	}
}

var sink money.Amount

func BenchmarkRate(b *testing.B) {
	book := load(b, "testdata/book.yaml")
	quantities := []event.Quantity{{Meter: "input_tokens", Count: 1234}, {Meter: "output_tokens", Count: 567}}
	when := at(b, "2026-07-01T00:00:00Z")
	for _, account := range []event.Account{"acct_1", "acct_42"} {
		b.Run(string(account), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p, _ := book.Product("chat-large")
				revenue, cost, _ := book.Rate(account, p, when, quantities)
				sink, _ = revenue.Sub(cost)
			}
		})
	}
}

func TestRateDoesNotAllocate(t *testing.T) {
	book := load(t, "testdata/book.yaml")
	p, _ := book.Product("chat-large")
	quantities := []event.Quantity{{Meter: "input_tokens", Count: 1234}, {Meter: "output_tokens", Count: 567}}
	when := at(t, "2026-07-01T00:00:00Z")
	if n := testing.AllocsPerRun(100, func() { sink, _, _ = book.Rate("acct_42", p, when, quantities) }); n != 0 {
		t.Errorf("Rate allocates %v times", n)
	}
}
