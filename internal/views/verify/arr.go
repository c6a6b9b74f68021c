package verify

import (
	"context"
	"fmt"
)

// annual is a row of arr.
type annual struct{ usage, subscription, arr amount }

// String is the columns.
func (a annual) String() string {
	return fmt.Sprintf("usage_arr %s, subscription_arr %s, arr %s", a.usage, a.subscription, a.arr)
}

// monthsPerYear makes MRR annual.
const monthsPerYear = 12

// checkARR takes the window and the MRR that the other views show and makes
// them annual, wherever there is either.
func checkARR(ctx context.Context, r *reader, s *state, d *Differences) error {
	parts, err := open(ctx, r, func(k *lineKey, v *annual) []any {
		return []any{&k.line, &k.currency, &k.at, &v.usage, &v.subscription}
	}, `
SELECT line, currency, toUnixTimestamp(t) AS t, `+decimals("sum(u)", "sum(s)")+`
FROM
(
	SELECT line, currency, as_of AS t, revenue AS u, toDecimal128(0, 12) AS s FROM DB.rolling_revenue
	WHERE window = '$windowd' AND as_of <= toDateTime($passed, 'UTC')
	UNION ALL
	SELECT line, currency, as_of AS t, -one_off AS u, toDecimal128(0, 12) AS s FROM DB.rolling_revenue_versions FINAL
	WHERE epoch = $epoch AND window = '$windowd' AND one_off != 0 AND as_of <= toDateTime($passed, 'UTC')
	UNION ALL
	SELECT line, currency, as_of AS t, toDecimal128(0, 12) AS u, mrr AS s FROM DB.mrr WHERE as_of <= toDateTime($passed, 'UTC')
)
GROUP BY line, currency, t ORDER BY line, currency, t`, "$passed", s.both().seconds(), "$window", s.windowDays, "$epoch", s.usage.epoch)
	if err != nil {
		return err
	}
	found, err := open(ctx, r, func(k *lineKey, v *annual) []any {
		return []any{&k.line, &k.currency, &k.at, &v.usage, &v.subscription, &v.arr}
	}, `
SELECT line, currency, toUnixTimestamp(as_of) AS t, `+decimals("usage_arr", "subscription_arr", "arr")+`
FROM DB.arr WHERE as_of <= toDateTime($passed, 'UTC') ORDER BY line, currency, t`, "$passed", s.both().seconds())
	if err != nil {
		return err
	}
	m := newMatcher(found, d)
	x := &exact{}
	err = parts.each(func(k *lineKey, v *annual) error {
		v.usage = x.times(v.usage, int64(s.arrMultiplier))
		v.subscription = x.times(v.subscription, monthsPerYear)
		v.arr = x.add(v.usage, v.subscription)
		return m.expect(k, v)
	})
	if err == nil {
		err = m.finish()
	}
	if err == nil {
		err = x.err()
	}
	return err
}

// ends is what must agree in a row of net_new_arr.
type ends struct{ opening, movements, netNew, closing amount }

// String is the columns.
func (e ends) String() string {
	return fmt.Sprintf("opening %s + movements %s (net_new %s) = closing %s", e.opening, e.movements, e.netNew, e.closing)
}

// checkBridge holds opening and closing against arr as of then, and the
// movements against their difference.
func checkBridge(ctx context.Context, r *reader, s *state, d *Differences) error {
	expected, err := open(ctx, r, func(k *lineKey, v *ends) []any {
		return []any{&k.line, &k.currency, &k.at, &v.opening, &v.closing}
	}, `
SELECT line, currency, toUInt32(tupleElement(e, 1)) AS t, `+decimals("sum(if(tupleElement(e, 2), arr, toDecimal128(0, 12)))", "sum(if(tupleElement(e, 2), toDecimal128(0, 12), arr))")+`
FROM
(
	SELECT line, currency, arr, arrayJoin([(toUnixTimestamp(as_of), false), (toUInt32(toUnixTimestamp(as_of) + $span), true)]) AS e
	FROM DB.arr WHERE as_of = toStartOfDay(as_of)
)
WHERE t <= $passed
GROUP BY line, currency, t ORDER BY line, currency, t`, "$span", span.seconds(), "$passed", s.bothMidnight().seconds())
	if err != nil {
		return err
	}
	found, err := open(ctx, r, func(k *lineKey, v *ends) []any {
		return []any{&k.line, &k.currency, &k.at, &v.opening, &v.movements, &v.netNew, &v.closing}
	}, `
SELECT line, currency, toUnixTimestamp(as_of) AS t, `+decimals("opening", "new + expansion + reactivation + contraction + churn", "net_new", "closing")+`
FROM DB.net_new_arr WHERE as_of <= toDateTime($passed, 'UTC') ORDER BY line, currency, t`, "$passed", s.both().seconds())
	if err != nil {
		return err
	}
	m := newMatcher(found, d)
	x := &exact{}
	err = expected.each(func(k *lineKey, v *ends) error {
		v.netNew = x.sub(v.closing, v.opening)
		v.movements = v.netNew
		return m.expect(k, v)
	})
	if err == nil {
		err = m.finish()
	}
	if err == nil {
		err = x.err()
	}
	return err
}
