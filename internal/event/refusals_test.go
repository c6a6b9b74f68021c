package event

import "strings"

// refusal is a change to an example and what Decode says of it.
type refusal struct {
	example, old, new string
	reason            Reason
	detail            string
	beyondSchema      bool // JSON Schema cannot express the rule, or does not here
}

const typesDetail = "; it is one of usage.recorded, adjustment.recorded, subscription.changed, clock.ticked, pricebook.published"

// refusals has an entry for each rule on the JSON form, and for each order
// between rules that matters.
var refusals = []refusal{
	// DEFINITIONS R1: CloudEvents attributes.
	{usageJSON, `"specversion":"1.0",`, ``, Malformed, `specversion is missing; the string "1.0" is required`, false},
	{usageJSON, `"1.0"`, `"0.3"`, Malformed, `specversion is "0.3"; the string "1.0" is required`, false},
	{usageJSON, `"1.0"`, `1.0`, Malformed, `specversion is 1.0; the string "1.0" is required`, false},
	{usageJSON, `"type":"usage.recorded",`, ``, Malformed, `type is missing; a string is required`, false},
	{usageJSON, `"usage.recorded"`, `["usage.recorded"]`, Malformed, `type is ["usage.recorded"]; a string is required`, false},
	{usageJSON, `"source":"api-gateway/eu-1",`, ``, Malformed, `source is missing; a string is required`, false},
	{usageJSON, `"api-gateway/eu-1"`, `true`, Malformed, `source is true; a string is required`, false},
	{usageJSON, `"id":"01JD8",`, ``, Malformed, `id is missing; a string is required`, false},
	{usageJSON, `"01JD8"`, `17`, Malformed, `id is 17; a string is required`, false},
	{usageJSON, `"01JD8"`, `null`, Malformed, `id is missing; a string is required`, false},
	{usageJSON, `"subject":"acct_42",`, ``, Malformed, `subject is missing; a string is required`, false},
	{usageJSON, `"acct_42"`, `{"a":1}`, Malformed, `subject is {"a":1}; a string is required`, false},
	{usageJSON, `"time":"2026-11-23T07:31:05.123Z",`, ``, Malformed, `time is missing; ` + aTime + ` is required`, false},
	{usageJSON, `"2026-11-23T07:31:05.123Z"`, `1795419065`, Malformed, `time is 1795419065; ` + aTime + ` is required`, false},
	{usageJSON, `2026-11-23T07:31:05.123Z`, `2026-11-23 07:31:05Z`, Malformed, `time is "2026-11-23 07:31:05Z"; ` + aTime + ` is required`, false},
	{usageJSON, `05.123Z`, `05.123`, Malformed, `time is "2026-11-23T07:31:05.123"; ` + aTime + ` is required`, false},
	{usageJSON, `05.123Z`, `60Z`, Malformed, `time is "2026-11-23T07:31:60Z"; ` + aTime + ` is required`, false},
	{usageJSON, `2026-11-23T07:31:05.123Z`, `2016-12-31T23:59:60Z`, Malformed, `time is "2016-12-31T23:59:60Z"; ` + aTime + ` is required`, true},
	{usageJSON, `2026-11-23T07:31:05.123Z`, ``, Malformed, `time is ""; ` + aTime + ` is required`, false},

	// DEFINITIONS R2, after the attributes and before subject and data.
	{usageJSON, `"usage.recorded"`, `"usage.record"`, UnknownType, `type is "usage.record"` + typesDetail, false},
	{usageJSON, `"usage.recorded"`, `""`, UnknownType, `type is ""` + typesDetail, false},
	{usageJSON, `"type":"usage.recorded","source":"api-gateway/eu-1"`, `"type":"x","source":1`, Malformed, `source is 1; a string is required`, false},
	{usageJSON, `"usage.recorded","source":"api-gateway/eu-1","id":"01JD8",`, `"x","source":"","id":"","data":0,"dat":`, Malformed,
		`the value is no strict JSON object from byte 73 on: invalid character ':' after object value (expecting ',' or '}')`, false},
	{clockJSON, `"clock.ticked"`, `"Clock.Ticked"`, UnknownType, `type is "Clock.Ticked"` + typesDetail, false},

	// DEFINITIONS R1: data.
	{usageJSON, `"data":`, `"data":null,"dat":`, Malformed, `data is missing; an object is required`, false},
	{usageJSON, `"data":`, `"data":"{}","dat":`, Malformed, `data is "{}"; an object is required`, false},
	{usageJSON, `"data":`, `"data_base64":"e30=","dat":`, Malformed, `data is missing; an object is required`, false},
	{usageJSON, `"product":"chat-large",`, ``, Malformed, `data.product is missing; a string is required`, false},
	{usageJSON, `"chat-large"`, `false`, Malformed, `data.product is false; a string is required`, false},
	{usageJSON, `"quantities":`, `"quantity":`, Malformed, `data.quantities is missing; an object of meters and integers is required`, false},
	{usageJSON, `"quantities":`, `"quantities":[],"q":`, Malformed, `data.quantities is []; an object of meters and integers is required`, false},
	{usageJSON, `567`, `"567"`, Malformed, `data.quantities.output_tokens is "567"; ` + aCount + ` is required`, false},
	{usageJSON, `1234,"output_tokens":567`, `-1,"output_tokens":null`, Malformed, `data.quantities.output_tokens is missing; ` + aCount + ` is required`, false},
	{usageJSON, `"enterprise"`, `7`, Malformed, `data.segment is 7; a string is required`, false},
	{usageJSON, `"eu"`, `{}`, Malformed, `data.region is {}; a string is required`, false},
	{adjustmentJSON, `"amount":"-12.50",`, ``, Malformed, `data.amount is missing; a decimal in a string is required`, false},
	{adjustmentJSON, `"-12.50"`, `-12.50`, Malformed, `data.amount is -12.50; a decimal in a string is required`, false},
	{adjustmentJSON, `"-12.50"`, `-12`, Malformed, `data.amount is -12; a decimal in a string is required`, false},
	{adjustmentJSON, `"currency":"USD",`, ``, Malformed, `data.currency is missing; a string is required`, false},
	{adjustmentJSON, `"reason":"refund",`, ``, Malformed, `data.reason is missing; a string is required`, false},
	{subscriptionJSON, `"subscription":"sub_9",`, ``, Malformed, `data.subscription is missing; a string is required`, false},
	{subscriptionJSON, `"line":"chat",`, ``, Malformed, `data.line is missing; a string is required`, false},
	{subscriptionJSON, `"plan":"team",`, ``, Malformed, `data.plan is missing; a string is required`, false},
	{subscriptionJSON, `"status":"active",`, ``, Malformed, `data.status is missing; a string is required`, false},
	{subscriptionJSON, `"active"`, `2`, Malformed, `data.status is 2; a string is required`, false},
	{subscriptionJSON, `"quantity":25,`, ``, Malformed, `data.quantity is missing; ` + aCount + ` is required`, false},
	{subscriptionJSON, `25`, `"25"`, Malformed, `data.quantity is "25"; ` + aCount + ` is required`, false},
	{subscriptionJSON, `"unit_amount":"30.00",`, ``, Malformed, `data.unit_amount is missing; a decimal in a string is required`, false},
	{subscriptionJSON, `"30.00"`, `30`, Malformed, `data.unit_amount is 30; a decimal in a string is required`, false},
	{subscriptionJSON, `"interval":"month",`, ``, Malformed, `data.interval is missing; a string is required`, false},
	{subscriptionJSON, `"interval_count":1`, `"interval_count":"1"`, Malformed, `data.interval_count is "1"; an integer from 1 to 1000 is required`, false},
	{subscriptionJSON, `"10"`, `10`, Malformed, `data.discount_percent is 10; a decimal in a string is required`, false},
	{pricebookJSONText, `"data":`, `"dat":`, Malformed, `data is missing; an object is required`, false},
	{pricebookJSONText, `"data":`, `"data":[],"dat":`, Malformed, `data is []; an object is required`, false},

	// R1 comes before R4.
	{usageJSON, `"id":"01JD8"`, `"id":"","time":0`, Malformed, `the value is no strict JSON object from byte 90 on: duplicate object member name "time"`, true},
	{usageJSON, `"acct_42","data":{"product":"chat-large"`, `"","data":{"product":1`, Malformed, `data.product is 1; a string is required`, false},

	// DEFINITIONS R4: attributes, in order.
	{usageJSON, `"01JD8"`, `""`, Invalid, `id is ""; it must not be empty`, false},
	{usageJSON, `"api-gateway/eu-1","id":"01JD8"`, `"","id":""`, Invalid, `id is ""; it must not be empty`, false},
	{usageJSON, `"api-gateway/eu-1"`, `""`, Invalid, `source is ""; it must not be empty`, false},
	{usageJSON, `"acct_42"`, `""`, Invalid, `subject is ""; it must not be empty`, false},
	{clockJSON, `"t1"`, `""`, Invalid, `id is ""; it must not be empty`, false},
	{pricebookJSONText, `"finance"`, `""`, Invalid, `source is ""; it must not be empty`, false},
	{usageJSON, `acct_42`, strings.Repeat("a", 1025), Invalid, `subject is "` + strings.Repeat("a", 64) + `"…; it has 1025 bytes and may have 1024`, false},
	{usageJSON, `acct_42`, strings.Repeat("é", 600), Invalid, `subject is "` + strings.Repeat("é", 32) + `"…; it has 1200 bytes and may have 1024`, true},
	{usageJSON, `acct_42`, `a\u0000`, Invalid, `subject is "a\x00"; it must not contain NUL`, false},
	{usageJSON, `2026-11-23T07:31:05.123Z`, `1969-12-31T23:59:59.999999Z`, Invalid, `time is "1969-12-31T23:59:59.999999Z"; ` + timeBounds, true},
	{usageJSON, `2026-11-23T07:31:05.123Z`, `2100-01-01T00:00:00Z`, Invalid, `time is "2100-01-01T00:00:00Z"; ` + timeBounds, true},
	{usageJSON, `2026-11-23T07:31:05.123Z`, `0000-01-01T00:00:00+23:59`, Invalid, `time is "0000-01-01T00:00:00+23:59"; ` + timeBounds, false},
	{clockJSON, `2026-11-23T07:31:06Z`, `9999-12-31T23:59:59.9Z`, Invalid, `time is "9999-12-31T23:59:59.9Z"; ` + timeBounds, false},

	// R4: usage (DEFINITIONS E7).
	{usageJSON, `"chat-large"`, `""`, Invalid, `data.product is ""; it must not be empty`, false},
	{usageJSON, `chat-large`, strings.Repeat("p", 257), Invalid, `data.product is "` + strings.Repeat("p", 64) + `"…; it has 257 bytes and may have 256`, false},
	{usageJSON, `"enterprise"`, `"` + strings.Repeat("s", 257) + `"`, Invalid, `data.segment is "` + strings.Repeat("s", 64) + `"…; it has 257 bytes and may have 256`, false},
	{usageJSON, `"input_tokens":1234,"output_tokens":567`, ``, Invalid, `data.quantities is empty; at least one meter is required`, false},
	{usageJSON, `"input_tokens"`, `""`, Invalid, `a meter of data.quantities is ""; it must not be empty`, false},
	{usageJSON, `"input_tokens":1234`, manyMeters(64), Invalid, `data.quantities has 65 meters; it may have 64`, false},
	{usageJSON, `1234`, `-3`, Invalid, `data.quantities.input_tokens is -3; a quantity is ` + aCount, false},
	{usageJSON, `1234`, `1.5`, Invalid, `data.quantities.input_tokens is 1.5; a quantity is ` + aCount, false},
	{usageJSON, `1234`, `1e-1`, Invalid, `data.quantities.input_tokens is 1e-1; a quantity is ` + aCount, false},
	{usageJSON, `1234`, `1e16`, Invalid, `data.quantities.input_tokens is 1e16; a quantity is ` + aCount, false},
	{usageJSON, `1234`, `1e999999999999999999999`, Invalid, `data.quantities.input_tokens is 1e999999999999999999999; a quantity is ` + aCount, false},
	{usageJSON, `1234`, `1e-999999999999999999999`, Invalid, `data.quantities.input_tokens is 1e-999999999999999999999; a quantity is ` + aCount, false},
	{usageJSON, `1234`, `9007199254740992.5`, Invalid, `data.quantities.input_tokens is 9007199254740992.5; a quantity is ` + aCount, false},
	{usageJSON, `1234`, `9007199254740993`, Invalid, `data.quantities.input_tokens is 9007199254740993; a quantity is ` + aCount, false},
	{usageJSON, `1234`, `1` + strings.Repeat("0", 99), Invalid, `data.quantities.input_tokens is 1` + strings.Repeat("0", 63) + `…; a quantity is ` + aCount, false},
	{usageJSON, `"output_tokens":567`, `"aa":-2,"zz":-1`, Invalid, `data.quantities.aa is -2; a quantity is ` + aCount, false},

	// R4: adjustments (DEFINITIONS E8).
	{adjustmentJSON, `-12.50`, ``, Invalid, `data.amount is ""; ` + plainDecimal, false},
	{adjustmentJSON, `-12.50`, `+12.50`, Invalid, `data.amount is "+12.50"; ` + plainDecimal, false},
	{adjustmentJSON, `-12.50`, `12.`, Invalid, `data.amount is "12."; ` + plainDecimal, false},
	{adjustmentJSON, `-12.50`, `.5`, Invalid, `data.amount is ".5"; ` + plainDecimal, false},
	{adjustmentJSON, `-12.50`, `-`, Invalid, `data.amount is "-"; ` + plainDecimal, false},
	{adjustmentJSON, `-12.50`, `1e3`, Invalid, `data.amount is "1e3"; ` + plainDecimal, false},
	{adjustmentJSON, `-12.50`, ` 1`, Invalid, `data.amount is " 1"; ` + plainDecimal, false},
	{adjustmentJSON, `-12.50`, `1,000`, Invalid, `data.amount is "1,000"; ` + plainDecimal, false},
	{adjustmentJSON, `-12.50`, `NaN`, Invalid, `data.amount is "NaN"; ` + plainDecimal, false},
	{adjustmentJSON, `-12.50`, `٣`, Invalid, `data.amount is "٣"; ` + plainDecimal, false},
	{adjustmentJSON, `-12.50`, `0.0000000000001`, Invalid, `data.amount is "0.0000000000001"; it has at most 12 decimals`, false},
	{adjustmentJSON, `-12.50`, `1.0000000000000`, Invalid, `data.amount is "1.0000000000000"; it has at most 12 decimals`, false},
	{adjustmentJSON, `-12.50`, `1000000000000000.000000000001`, Invalid, `data.amount is "1000000000000000.000000000001"; its magnitude is at most 1000000000000000`, false},
	{adjustmentJSON, `-12.50`, `-1000000000000001`, Invalid, `data.amount is "-1000000000000001"; its magnitude is at most 1000000000000000`, false},
	{adjustmentJSON, `-12.50`, strings.Repeat("9", 100), Invalid, `data.amount is "` + strings.Repeat("9", 64) + `"…; its magnitude is at most 1000000000000000`, false},
	{adjustmentJSON, `"USD"`, `"usd"`, Invalid, `data.currency is "usd"; ` + currencyCode, false},
	{adjustmentJSON, `"USD"`, `""`, Invalid, `data.currency is ""; ` + currencyCode, false},
	{adjustmentJSON, `"USD"`, `"ZZZ"`, Invalid, `data.currency is "ZZZ"; ` + currencyCode, true},
	{adjustmentJSON, `"USD"`, `"XXX"`, Invalid, `data.currency is "XXX"; ` + currencyCode, true},
	{adjustmentJSON, `"USD"`, `"DEM"`, Invalid, `data.currency is "DEM"; ` + currencyCode, true},
	{adjustmentJSON, `refund`, strings.Repeat("r", 257), Invalid, `data.reason is "` + strings.Repeat("r", 64) + `"…; it has 257 bytes and may have 256`, false},

	// R4: subscriptions (DEFINITIONS E9).
	{subscriptionJSON, `"sub_9"`, `""`, Invalid, `data.subscription is ""; it must not be empty`, false},
	{subscriptionJSON, `"chat"`, `""`, Invalid, `data.line is ""; it must not be empty`, false},
	{subscriptionJSON, `"chat"`, `"*"`, Invalid, `data.line is "*"; that stands for all lines in the views: give the line a name of its own`, false},
	{subscriptionJSON, `"team"`, `""`, Invalid, `data.plan is ""; it must not be empty`, false},
	{subscriptionJSON, `"active"`, `"Active"`, Invalid, `data.status is "Active"; ` + statuses, false},
	{subscriptionJSON, `"active"`, `""`, Invalid, `data.status is ""; ` + statuses, false},
	{subscriptionJSON, `25`, `-1`, Invalid, `data.quantity is -1; a quantity is ` + aCount, false},
	{subscriptionJSON, `25`, `25e-1`, Invalid, `data.quantity is 25e-1; a quantity is ` + aCount, false},
	{subscriptionJSON, `25`, `2.5`, Invalid, `data.quantity is 2.5; a quantity is ` + aCount, false},
	{subscriptionJSON, `"30.00"`, `"-30.00"`, Invalid, `data.unit_amount is "-30.00"; it must not be negative`, false},
	{subscriptionJSON, `"30.00"`, `"40000000000000.01"`, Invalid, `data.quantity x data.unit_amount is 25 x 40000000000000.01; together they are at most 1000000000000000`, true},
	{subscriptionJSON, `"quantity":25,"unit_amount":"30.00"`, `"quantity":9007199254740992,"unit_amount":"1000000000000000"`, Invalid,
		`data.quantity x data.unit_amount is 9007199254740992 x 1000000000000000; together they are at most 1000000000000000`, true},
	{subscriptionJSON, `"USD"`, `"US"`, Invalid, `data.currency is "US"; ` + currencyCode, false},
	{subscriptionJSON, `"month"`, `"quarter"`, Invalid, `data.interval is "quarter"; it is one of day, week, month, year`, false},
	{subscriptionJSON, `"interval_count":1`, `"interval_count":0`, Invalid, `data.interval_count is 0; it is an integer from 1 to 1000`, false},
	{subscriptionJSON, `"interval_count":1`, `"interval_count":1001`, Invalid, `data.interval_count is 1001; it is an integer from 1 to 1000`, false},
	{subscriptionJSON, `"interval_count":1`, `"interval_count":1e4`, Invalid, `data.interval_count is 1e4; it is an integer from 1 to 1000`, false},
	{subscriptionJSON, `"interval_count":1`, `"interval_count":1.5`, Invalid, `data.interval_count is 1.5; it is an integer from 1 to 1000`, false},
	{subscriptionJSON, `"10"`, `"100.01"`, Invalid, `data.discount_percent is "100.01"; ` + percents, false},
	{subscriptionJSON, `"10"`, `"-1"`, Invalid, `data.discount_percent is "-1"; ` + percents, false},
	{subscriptionJSON, `"10"`, `"10%"`, Invalid, `data.discount_percent is "10%"; ` + percents, false},
	{subscriptionJSON, `"10"`, `""`, Invalid, `data.discount_percent is ""; ` + percents, false},
	{subscriptionJSON, `"10"`, `"0.0000000000001"`, Invalid, `data.discount_percent is "0.0000000000001"; ` + percents, false},
}

const (
	timeBounds   = "it is from 1970-01-01T00:00:00Z until before 2100-01-01T00:00:00Z"
	plainDecimal = "it is a plain decimal such as -12.50, without exponent or plus sign"
	currencyCode = "it is a currency code of ISO 4217 in force, in upper case"
	statuses     = "it is one of trialing, active, past_due, paused, unpaid, canceled"
	percents     = "it is a decimal from 0 to 100 with at most 12 decimals"
)

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
