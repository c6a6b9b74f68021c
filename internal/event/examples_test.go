package event

import (
	"strings"
	"testing"

	"runrate/internal/money"
)

// An example of each kind of event (DEFINITIONS E7 to E12).
const (
	usageJSON = `{"specversion":"1.0","type":"usage.recorded","source":"api-gateway/eu-1","id":"01JD8",` +
		`"time":"2026-11-23T07:31:05.123Z","subject":"acct_42",` +
		`"data":{"product":"chat-large","quantities":{"input_tokens":1234,"output_tokens":567},` +
		`"segment":"enterprise","region":"eu"}}`
	adjustmentJSON = `{"specversion":"1.0","type":"adjustment.recorded","source":"billing","id":"adj-1",` +
		`"time":"2026-11-23T07:31:05.123Z","subject":"acct_42",` +
		`"data":{"product":"chat-large","amount":"-12.50","currency":"USD","reason":"refund",` +
		`"segment":"enterprise","region":"eu"}}`
	subscriptionJSON = `{"specversion":"1.0","type":"subscription.changed","source":"billing","id":"chg-1",` +
		`"time":"2026-11-23T07:31:05.123Z","subject":"acct_42",` +
		`"data":{"subscription":"sub_9","line":"chat","plan":"team","status":"active","quantity":25,` +
		`"unit_amount":"30.00","currency":"USD","interval":"month","interval_count":1,` +
		`"discount_percent":"10","segment":"business","region":"us"}}`
	clockJSON = `{"specversion":"1.0","type":"clock.ticked","source":"ticker","id":"t1",` +
		`"time":"2026-11-23T07:31:06Z"}`
	pricebookJSONText = `{"specversion":"1.0","type":"pricebook.published","source":"finance","id":"2026-11-01",` +
		`"time":"2026-11-01T00:00:00Z","data":{"version":"2026-11-01","currency":"USD","products":[]}}`
	ratesJSONText = `{"specversion":"1.0","type":"rates.published","source":"finance","id":"2026-11-23",` +
		`"time":"2026-11-01T00:00:00Z","data":{"version":"2026-11-23","reference":"USD","rates":[]}}`
)

// exampleTime is the time of most examples.
const exampleTime = Time(1_795_419_065_123_000)

// examples are those events as Decode returns them, by type.
func examples(t testing.TB) map[string]Event {
	t.Helper()
	discount, err := money.ParsePercent("10")
	if err != nil {
		t.Fatal(err)
	}
	amount, err := money.Parse("-12.5")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]Event{
		"usage.recorded": {
			Type: UsageRecorded, Source: "api-gateway/eu-1", ID: "01JD8", Account: "acct_42", Time: exampleTime,
			Usage: &Usage{
				Product: "chat-large", Segment: "enterprise", Region: "eu",
				Quantities: []Quantity{{"input_tokens", 1234}, {"output_tokens", 567}},
			},
		},
		"adjustment.recorded": {
			Type: AdjustmentRecorded, Source: "billing", ID: "adj-1", Account: "acct_42", Time: exampleTime,
			Adjustment: &Adjustment{
				Product: "chat-large", Segment: "enterprise", Region: "eu",
				Amount: amount, Currency: "USD", Reason: "refund",
			},
		},
		"subscription.changed": {
			Type: SubscriptionChanged, Source: "billing", ID: "chg-1", Account: "acct_42", Time: exampleTime,
			Subscription: &Subscription{
				ID: "sub_9", Line: "chat", Plan: "team", Segment: "business", Region: "us",
				Status: Active, Quantity: 25, UnitAmount: money.FromInt(30), Currency: "USD",
				Interval: EveryMonth, IntervalCount: 1, Discount: discount,
			},
		},
		"clock.ticked": {
			Type: ClockTicked, Source: "ticker", ID: "t1", Time: exampleTime - 123*Second/1000 + Second,
		},
		"pricebook.published": {
			Type: PricebookPublished, Source: "finance", ID: "2026-11-01", Time: 1_793_491_200 * Second,
			PriceBook: []byte(`{"version":"2026-11-01","currency":"USD","products":[]}`),
		},
		"rates.published": {
			Type: RatesPublished, Source: "finance", ID: "2026-11-23", Time: 1_793_491_200 * Second,
			Rates: []byte(`{"version":"2026-11-23","reference":"USD","rates":[]}`),
		},
	}
}

// exampleJSON is the JSON of the examples, by type.
var exampleJSON = map[string]string{
	"usage.recorded":       usageJSON,
	"adjustment.recorded":  adjustmentJSON,
	"subscription.changed": subscriptionJSON,
	"clock.ticked":         clockJSON,
	"pricebook.published":  pricebookJSONText,
	"rates.published":      ratesJSONText,
}

// with is an example with one part replaced, which must be there.
func with(t testing.TB, example, old, new string) string {
	t.Helper()
	if strings.Count(example, old) != 1 {
		t.Fatalf("%q does not stand once in %s", old, example)
	}
	return strings.Replace(example, old, new, 1)
}
