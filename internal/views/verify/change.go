package verify

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"runrate/internal/money"
)

// change is an accepted subscription change, as the ledger has it.
type change struct {
	account, subscription                     string
	time                                      int64 // microseconds
	version                                   uint64
	line, plan, status, segment, region, coin string
	quantity                                  uint64
	unitAmount                                amount
	interval                                  string
	intervalCount                             uint32
	discount                                  amount // percent
	stored                                    amount // the MRR in the ledger
}

// changeColumns are the columns of a change in the order of into.
func changeColumns() string {
	return `account, subscription, toUnixTimestamp64Micro(time) AS t, version, line, plan, status, segment, region, currency,
	quantity, ` + decimals("unit_amount") + `, billing_interval, interval_count, ` + decimals("discount_percent", "mrr")
}

func (c *change) into() []any {
	return []any{&c.account, &c.subscription, &c.time, &c.version, &c.line, &c.plan, &c.status, &c.segment, &c.region, &c.coin,
		&c.quantity, &c.unitAmount, &c.interval, &c.intervalCount, &c.discount, &c.stored}
}

// openChanges reads the ledger, in the order of accounts and, within an
// account, of event time, ties by offset.
func openChanges(ctx context.Context, r *reader, s *state) (*cursor[change, struct{}], error) {
	return open(ctx, r, func(c *change, _ *struct{}) []any { return c.into() }, `
SELECT `+changeColumns()+`
FROM DB.subscription_change_versions FINAL WHERE epoch = $epoch ORDER BY account, t, version`, "$epoch", s.subs.epoch)
}

// monthsOf is how many months' revenue an interval's amount is, as a fraction.
var monthsOf = map[string][2]int64{"day": {365, 12}, "week": {365, 84}, "month": {1, 1}, "year": {1, 12}}

// hundred percent, in the units of an amount.
var hundred = money.FromInt(100).Big()

// mrr is the monthly revenue of a change by its terms: quantity x unit_amount
// less discount, to a month, rounded half to even at the 12th decimal; 0 unless
// its status is one that counts.
func (c *change) mrr(counting []string) (amount, error) {
	if !slices.Contains(counting, c.status) {
		return amount{}, nil
	}
	months, ok := monthsOf[c.interval]
	if !ok || c.intervalCount == 0 {
		return amount{}, fmt.Errorf("change of %s at offset %d: an interval of %d %q", c, c.version, c.intervalCount, c.interval)
	}
	above := new(big.Int).SetUint64(c.quantity)
	above.Mul(above, c.unitAmount.Big())
	above.Mul(above, new(big.Int).Sub(hundred, c.discount.Big()))
	above.Mul(above, big.NewInt(months[0]))
	below := new(big.Int).Mul(hundred, big.NewInt(months[1]*int64(c.intervalCount)))
	quotient, rest := new(big.Int).QuoRem(above, below, new(big.Int)) // neither is negative
	switch rest.Lsh(rest, 1).Cmp(below) {
	case 1:
		quotient.Add(quotient, big.NewInt(1))
	case 0:
		quotient.Add(quotient, big.NewInt(int64(quotient.Bit(0))))
	}
	value, ok := money.FromBig(quotient)
	if !ok {
		return amount{}, fmt.Errorf("change of %s at offset %d: its MRR does not fit Decimal(38, 12)", c, c.version)
	}
	return amount{value}, nil
}

// String names the subscription.
func (c *change) String() string {
	return fmt.Sprintf("account %s, subscription %s", quote(c.account), quote(c.subscription))
}

// subscriptionKey is a row of subscriptions.
type subscriptionKey struct{ account, subscription string }

// Compare orders by column.
func (k subscriptionKey) Compare(l subscriptionKey) int {
	return cmp.Or(strings.Compare(k.account, l.account), strings.Compare(k.subscription, l.subscription))
}

// String names the row.
func (k subscriptionKey) String() string {
	return fmt.Sprintf("account %s, subscription %s", quote(k.account), quote(k.subscription))
}

// standing is the rest of a row of subscriptions.
type standing struct {
	line, plan, status, segment, region, currency string
	mrr                                           amount
	since                                         int64
}

// String is the columns.
func (s standing) String() string {
	return fmt.Sprintf("line %s, plan %s, status %s, segment %s, region %s, mrr %s %s, since %s",
		quote(s.line), quote(s.plan), s.status, quote(s.segment), quote(s.region), s.mrr, s.currency, micro(s.since))
}
