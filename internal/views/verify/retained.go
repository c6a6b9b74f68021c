package verify

import (
	"context"
	"fmt"
	"time"
)

// The views over accounts take a midnight: what they say is proved as of the latest. They are made
// of the same rows as of any other.

func (d day) date() string { return time.Unix(int64(d)*secondsPerDay, 0).UTC().Format(time.DateOnly) }

// checkAccountARR holds the accounts' sums by line against arr.
func checkAccountARR(ctx context.Context, r *reader, s *state, d *Differences) error {
	into := func(k *lineKey, v *annual) []any {
		return []any{&k.line, &k.currency, &k.at, &v.usage, &v.subscription, &v.arr}
	}
	expected, err := open(ctx, r, into, `
SELECT line, currency, toUnixTimestamp(as_of), `+decimals("usage_arr", "subscription_arr", "arr")+`
FROM DB.arr WHERE as_of = toDateTime($passed, 'UTC') AND (usage_arr != 0 OR subscription_arr != 0) ORDER BY line, currency`,
		"$passed", s.bothMidnight().seconds())
	if err != nil {
		return err
	}
	found, err := open(ctx, r, into, `
SELECT line, currency, toUInt32($passed), `+decimals("sum(usage_arr)", "sum(subscription_arr)", "sum(arr)")+`
FROM DB.account_arr(as_of = '$date') GROUP BY line, currency HAVING sum(usage_arr) != 0 OR sum(subscription_arr) != 0 ORDER BY line, currency`,
		"$passed", s.bothMidnight().seconds(), "$date", s.bothMidnight().date())
	if err != nil {
		return err
	}
	return match(expected, found, d)
}

// expectedBridge is net_new_arr as of the latest midnight, where any of it is not 0.
const expectedBridge = ` FROM DB.net_new_arr WHERE as_of = toDateTime($passed, 'UTC') AND (opening != 0 OR closing != 0 OR new != 0 OR expansion != 0
OR reactivation != 0 OR contraction != 0 OR churn != 0) `

// checkAccountsBridge holds the accounts' movements by line against net_new_arr.
func checkAccountsBridge(ctx context.Context, r *reader, s *state, d *Differences) error {
	return bridgesMatch(ctx, r, s, d, "", `
SELECT line, currency, toUInt32($passed), `+decimals("sum(before)", "sumIf(amount, movement = 'new')", "sumIf(amount, movement = 'expansion')",
		"sumIf(amount, movement = 'reactivation')", "sumIf(amount, movement = 'contraction')", "sumIf(amount, movement = 'churn')",
		"sum(now)", "sum(amount)")+`
FROM DB.arr_bridge(as_of = '$date', days = $span) GROUP BY line, currency ORDER BY line, currency`)
}

// checkRetention holds the lines of retention against net_new_arr, and those of all lines
// against the sums of what was and is; what lies between is an account's over all lines.
func checkRetention(ctx context.Context, r *reader, s *state, d *Differences) error {
	return bridgesMatch(ctx, r, s, d, `
UNION ALL SELECT '*', currency, toUInt32($passed), `+decimals("sum(opening)", "toDecimal128(0, 12)", "toDecimal128(0, 12)", "toDecimal128(0, 12)", "toDecimal128(0, 12)", "toDecimal128(0, 12)",
		"sum(closing)", "sum(net_new)")+expectedBridge+` GROUP BY currency HAVING sum(opening) != 0 OR sum(closing) != 0`, `
SELECT line, currency, toUInt32($passed), `+decimals("opening", "if(line = '*', toDecimal128(0, 12), new)", "if(line = '*', toDecimal128(0, 12), expansion)",
		"if(line = '*', toDecimal128(0, 12), reactivation)", "if(line = '*', toDecimal128(0, 12), contraction)", "if(line = '*', toDecimal128(0, 12), churn)",
		"closing", "new + expansion + reactivation + contraction + churn")+`
FROM DB.retention(as_of = '$date', days = $span) WHERE line != '*' OR opening != 0 OR closing != 0 ORDER BY line, currency`)
}

// bridgesMatch holds rows like those of net_new_arr as of the latest midnight against it, and
// more.
func bridgesMatch(ctx context.Context, r *reader, s *state, d *Differences, more, query string) error {
	into := func(k *lineKey, v *bridge) []any {
		return []any{&k.line, &k.currency, &k.at, &v.opening, &v.new, &v.expansion, &v.reactivation, &v.contraction, &v.churn, &v.closing, &v.netNew}
	}
	args := []any{"$passed", s.bothMidnight().seconds(), "$date", s.bothMidnight().date(), "$span", fmt.Sprint(int32(span))}
	expected, err := open(ctx, r, into, `SELECT * FROM (
SELECT toString(line) AS line, toString(currency) AS currency, toUInt32(toUnixTimestamp(as_of)) AS t, `+
		decimals("opening", "new", "expansion", "reactivation", "contraction", "churn", "closing", "net_new")+expectedBridge+more+`
) ORDER BY line, currency`, args...)
	if err != nil {
		return err
	}
	found, err := open(ctx, r, into, query, args...)
	if err != nil {
		return err
	}
	return match(expected, found, d)
}
