package verify

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

// dayKey is a row of account_daily.
type dayKey struct {
	account, line, currency string
	day                     int32 // since 1970
}

// Compare orders by column.
func (k dayKey) Compare(l dayKey) int {
	return cmp.Or(strings.Compare(k.account, l.account), strings.Compare(k.line, l.line), strings.Compare(k.currency, l.currency), cmp.Compare(k.day, l.day))
}

// String names the row.
func (k dayKey) String() string {
	return fmt.Sprintf("account %s, line %s, currency %s, day of %s", quote(k.account), quote(k.line), k.currency, instant(uint32(k.day)*86_400))
}

// dayTotals is a row's values.
type dayTotals struct {
	totals
	oneOff amount
}

// String is the columns.
func (t dayTotals) String() string { return fmt.Sprintf("%s, one_off %s", t.totals, t.oneOff) }

// checkDays adds the events up by account and day, of the days that have ended.
func checkDays(ctx context.Context, r *reader, s *state, d *Differences) error {
	into := func(k *dayKey, v *dayTotals) []any {
		return []any{&k.account, &k.line, &k.currency, &k.day, &v.revenue, &v.oneOff, &v.cost, &v.events}
	}
	ended := s.usage.passed.seconds() / 86_400
	expected, err := open(ctx, r, into, `
SELECT account, line, currency, toInt32(intDiv(toUnixTimestamp(time), 86400)) AS d, `+decimals("sum(revenue)", "sum(if(one_off, revenue, toDecimal128(0, 12)))", "sum(cost)")+`, countIf(type = 'usage.recorded')
FROM DB.usage_events WHERE toInt32(intDiv(toUnixTimestamp(time), 86400)) < $ended
GROUP BY account, line, currency, d ORDER BY account, line, currency, d`, "$ended", ended)
	if err != nil {
		return err
	}
	found, err := open(ctx, r, into, `
SELECT account, line, currency, toInt32(day), `+decimals("revenue", "one_off", "cost")+`, events
FROM DB.account_daily WHERE toInt32(day) < $ended ORDER BY account, line, currency, day`, "$ended", ended)
	if err != nil {
		return err
	}
	return match(expected, found, d)
}
