package event

import "strings"

// refusal is a change to an example for which Decode refuses it. What is said
// of it stands in testdata/sentences/json.txt.
type refusal struct {
	example, old, new string
	reason            Reason
	beyondSchema      bool // JSON Schema cannot express the rule, or does not here
}

// refusals has an entry for each rule on the JSON form, and for each order
// between rules that matters.
var refusals = []refusal{
	// DEFINITIONS R1: CloudEvents attributes.
	{usageJSON, `"specversion":"1.0",`, ``, Malformed, false},
	{usageJSON, `"1.0"`, `"0.3"`, Malformed, false},
	{usageJSON, `"1.0"`, `1.0`, Malformed, false},
	{usageJSON, `"type":"usage.recorded",`, ``, Malformed, false},
	{usageJSON, `"usage.recorded"`, `["usage.recorded"]`, Malformed, false},
	{usageJSON, `"source":"api-gateway/eu-1",`, ``, Malformed, false},
	{usageJSON, `"api-gateway/eu-1"`, `true`, Malformed, false},
	{usageJSON, `"id":"01JD8",`, ``, Malformed, false},
	{usageJSON, `"01JD8"`, `17`, Malformed, false},
	{usageJSON, `"01JD8"`, `null`, Malformed, false},
	{usageJSON, `"subject":"acct_42",`, ``, Malformed, false},
	{usageJSON, `"acct_42"`, `{"a":1}`, Malformed, false},
	{usageJSON, `"time":"2026-11-23T07:31:05.123Z",`, ``, Malformed, false},
	{usageJSON, `"2026-11-23T07:31:05.123Z"`, `1795419065`, Malformed, false},
	{usageJSON, `2026-11-23T07:31:05.123Z`, `2026-11-23 07:31:05Z`, Malformed, false},
	{usageJSON, `05.123Z`, `05.123`, Malformed, false},
	{usageJSON, `05.123Z`, `60Z`, Malformed, false},
	{usageJSON, `2026-11-23T07:31:05.123Z`, `2016-12-31T23:59:60Z`, Malformed, true},
	{usageJSON, `2026-11-23T07:31:05.123Z`, ``, Malformed, false},

	// DEFINITIONS R2, after the attributes and before subject and data.
	{usageJSON, `"usage.recorded"`, `"usage.record"`, UnknownType, false},
	{usageJSON, `"usage.recorded"`, `""`, UnknownType, false},
	{usageJSON, `"type":"usage.recorded","source":"api-gateway/eu-1"`, `"type":"x","source":1`, Malformed, false},
	{usageJSON, `"usage.recorded","source":"api-gateway/eu-1","id":"01JD8",`, `"x","source":"","id":"","data":0,"dat":`, Malformed, false},
	{clockJSON, `"clock.ticked"`, `"Clock.Ticked"`, UnknownType, false},

	// DEFINITIONS R1: data.
	{usageJSON, `"data":`, `"data":null,"dat":`, Malformed, false},
	{usageJSON, `"data":`, `"data":"{}","dat":`, Malformed, false},
	{usageJSON, `"data":`, `"data_base64":"e30=","dat":`, Malformed, true},
	{usageJSON, `"data":`, `"data_base64":"e30","dat":`, Malformed, true},
	{usageJSON, `"data":`, `"data_base64":"PGEvPg==","dat":`, Malformed, true},
	{usageJSON, `"data":`, `"data_base64":{},"dat":`, Malformed, false},
	{usageJSON, `"data":`, `"data_base64":"e30=","data":`, Malformed, false},
	{usageJSON, `"product":"chat-large",`, ``, Malformed, false},
	{usageJSON, `"chat-large"`, `false`, Malformed, false},
	{usageJSON, `"quantities":`, `"quantity":`, Malformed, false},
	{usageJSON, `"quantities":`, `"quantities":[],"q":`, Malformed, false},
	{usageJSON, `567`, `"567"`, Malformed, false},
	{usageJSON, `1234,"output_tokens":567`, `-1,"output_tokens":null`, Malformed, false},
	{usageJSON, `"enterprise"`, `7`, Malformed, false},
	{usageJSON, `"eu"`, `{}`, Malformed, false},
	{adjustmentJSON, `"amount":"-12.50",`, ``, Malformed, false},
	{adjustmentJSON, `"-12.50"`, `-12.50`, Malformed, false},
	{adjustmentJSON, `"-12.50"`, `-12`, Malformed, false},
	{adjustmentJSON, `"currency":"USD",`, ``, Malformed, false},
	{adjustmentJSON, `"reason":"refund",`, ``, Malformed, false},
	{adjustmentJSON, `"reason"`, `"one_off":"true","reason"`, Malformed, false},
	{adjustmentJSON, `"reason"`, `"one_off":1,"reason"`, Malformed, false},
	{subscriptionJSON, `"subscription":"sub_9",`, ``, Malformed, false},
	{subscriptionJSON, `"line":"chat",`, ``, Malformed, false},
	{subscriptionJSON, `"plan":"team",`, ``, Malformed, false},
	{subscriptionJSON, `"status":"active",`, ``, Malformed, false},
	{subscriptionJSON, `"active"`, `2`, Malformed, false},
	{subscriptionJSON, `"quantity":25,`, ``, Malformed, false},
	{subscriptionJSON, `25`, `"25"`, Malformed, false},
	{subscriptionJSON, `"unit_amount":"30.00",`, ``, Malformed, false},
	{subscriptionJSON, `"30.00"`, `30`, Malformed, false},
	{subscriptionJSON, `"interval":"month",`, ``, Malformed, false},
	{subscriptionJSON, `"interval_count":1`, `"interval_count":"1"`, Malformed, false},
	{subscriptionJSON, `"10"`, `10`, Malformed, false},
	{clockJSON, `"source"`, `"data":{"jump":"true"},"source"`, Malformed, false},
	{clockJSON, `"source"`, `"data":{"jump":1},"source"`, Malformed, false},
	{clockJSON, `"source"`, `"data":{"jump":[true]},"source"`, Malformed, false},
	{clockJSON, `"source":"ticker","id":"t1"`, `"data":{"jump":0},"source":"","id":""`, Malformed, false},
	{pricebookJSONText, `"data":`, `"dat":`, Malformed, false},
	{pricebookJSONText, `"data":`, `"data":[],"dat":`, Malformed, false},

	// R1 comes before R4.
	{usageJSON, `"id":"01JD8"`, `"id":"","time":0`, Malformed, true},
	{usageJSON, `"acct_42","data":{"product":"chat-large"`, `"","data":{"product":1`, Malformed, false},

	// DEFINITIONS R4: attributes, in order.
	{usageJSON, `"01JD8"`, `""`, Invalid, false},
	{usageJSON, `"api-gateway/eu-1","id":"01JD8"`, `"","id":""`, Invalid, false},
	{usageJSON, `"api-gateway/eu-1"`, `""`, Invalid, false},
	{usageJSON, `"acct_42"`, `""`, Invalid, false},
	{clockJSON, `"t1"`, `""`, Invalid, false},
	{pricebookJSONText, `"finance"`, `""`, Invalid, false},
	{usageJSON, `acct_42`, strings.Repeat("a", 1025), Invalid, false},
	{usageJSON, `acct_42`, strings.Repeat("é", 600), Invalid, true},
	{usageJSON, `acct_42`, `a\u0000`, Invalid, false},
	{usageJSON, `2026-11-23T07:31:05.123Z`, `1969-12-31T23:59:59.999999Z`, Invalid, true},
	{usageJSON, `2026-11-23T07:31:05.123Z`, `2100-01-01T00:00:00Z`, Invalid, true},
	{usageJSON, `2026-11-23T07:31:05.123Z`, `0000-01-01T00:00:00+23:59`, Invalid, false},
	{clockJSON, `2026-11-23T07:31:06Z`, `9999-12-31T23:59:59.9Z`, Invalid, false},

	// R4: usage (DEFINITIONS E7).
	{usageJSON, `"chat-large"`, `""`, Invalid, false},
	{usageJSON, `chat-large`, strings.Repeat("p", 257), Invalid, false},
	{usageJSON, `"enterprise"`, `"` + strings.Repeat("s", 257) + `"`, Invalid, false},
	{usageJSON, `"input_tokens":1234,"output_tokens":567`, ``, Invalid, false},
	{usageJSON, `"input_tokens"`, `""`, Invalid, false},
	{usageJSON, `"input_tokens":1234`, manyMeters(64), Invalid, false},
	{usageJSON, `1234`, `-3`, Invalid, false},
	{usageJSON, `1234`, `1.5`, Invalid, false},
	{usageJSON, `1234`, `1e-1`, Invalid, false},
	{usageJSON, `1234`, `1e16`, Invalid, false},
	{usageJSON, `1234`, `1e999999999999999999999`, Invalid, false},
	{usageJSON, `1234`, `1e-999999999999999999999`, Invalid, false},
	{usageJSON, `1234`, `9007199254740992.5`, Invalid, false},
	{usageJSON, `1234`, `9007199254740993`, Invalid, false},
	{usageJSON, `1234`, `1` + strings.Repeat("0", 99), Invalid, false},
	{usageJSON, `"output_tokens":567`, `"aa":-2,"zz":-1`, Invalid, false},

	// R4: adjustments (DEFINITIONS E8).
	{adjustmentJSON, `-12.50`, ``, Invalid, false},
	{adjustmentJSON, `-12.50`, `+12.50`, Invalid, false},
	{adjustmentJSON, `-12.50`, `12.`, Invalid, false},
	{adjustmentJSON, `-12.50`, `.5`, Invalid, false},
	{adjustmentJSON, `-12.50`, `-`, Invalid, false},
	{adjustmentJSON, `-12.50`, `1e3`, Invalid, false},
	{adjustmentJSON, `-12.50`, ` 1`, Invalid, false},
	{adjustmentJSON, `-12.50`, `1,000`, Invalid, false},
	{adjustmentJSON, `-12.50`, `NaN`, Invalid, false},
	{adjustmentJSON, `-12.50`, `٣`, Invalid, false},
	{adjustmentJSON, `-12.50`, `0.0000000000001`, Invalid, false},
	{adjustmentJSON, `-12.50`, `1.0000000000000`, Invalid, false},
	{adjustmentJSON, `-12.50`, `1000000000000000.000000000001`, Invalid, false},
	{adjustmentJSON, `-12.50`, `-1000000000000001`, Invalid, false},
	{adjustmentJSON, `-12.50`, strings.Repeat("9", 100), Invalid, false},
	{adjustmentJSON, `"USD"`, `"usd"`, Invalid, false},
	{adjustmentJSON, `"USD"`, `""`, Invalid, false},
	{adjustmentJSON, `"USD"`, `"ZZZ"`, Invalid, true},
	{adjustmentJSON, `"USD"`, `"XXX"`, Invalid, true},
	{adjustmentJSON, `"USD"`, `"DEM"`, Invalid, true},
	{adjustmentJSON, `refund`, strings.Repeat("r", 257), Invalid, false},

	// R4: subscriptions (DEFINITIONS E9).
	{subscriptionJSON, `"sub_9"`, `""`, Invalid, false},
	{subscriptionJSON, `"chat"`, `""`, Invalid, false},
	{subscriptionJSON, `"chat"`, `"*"`, Invalid, false},
	{subscriptionJSON, `"team"`, `""`, Invalid, false},
	{subscriptionJSON, `"active"`, `"Active"`, Invalid, false},
	{subscriptionJSON, `"active"`, `""`, Invalid, false},
	{subscriptionJSON, `25`, `-1`, Invalid, false},
	{subscriptionJSON, `25`, `25e-1`, Invalid, false},
	{subscriptionJSON, `25`, `2.5`, Invalid, false},
	{subscriptionJSON, `"30.00"`, `"-30.00"`, Invalid, false},
	{subscriptionJSON, `"30.00"`, `"40000000000000.01"`, Invalid, true},
	{subscriptionJSON, `"quantity":25,"unit_amount":"30.00"`, `"quantity":9007199254740992,"unit_amount":"1000000000000000"`, Invalid, true},
	{subscriptionJSON, `"USD"`, `"US"`, Invalid, false},
	{subscriptionJSON, `"month"`, `"quarter"`, Invalid, false},
	{subscriptionJSON, `"interval_count":1`, `"interval_count":0`, Invalid, false},
	{subscriptionJSON, `"interval_count":1`, `"interval_count":1001`, Invalid, false},
	{subscriptionJSON, `"interval_count":1`, `"interval_count":1e4`, Invalid, false},
	{subscriptionJSON, `"interval_count":1`, `"interval_count":1.5`, Invalid, false},
	{subscriptionJSON, `"10"`, `"100.01"`, Invalid, false},
	{subscriptionJSON, `"10"`, `"-1"`, Invalid, false},
	{subscriptionJSON, `"10"`, `"10%"`, Invalid, false},
	{subscriptionJSON, `"10"`, `""`, Invalid, false},
	{subscriptionJSON, `"10"`, `"0.0000000000001"`, Invalid, false},
}

// manyMeters is n members of quantities.
func manyMeters(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"meter_` + string(rune('0'+i/10)) + string(rune('0'+i%10)) + `":1`)
	}
	return b.String()
}
