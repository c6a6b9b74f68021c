package verify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// checkTerms holds the MRR of every change in the ledger against its terms.
func checkTerms(ctx context.Context, r *reader, s *state, d *Differences) error {
	changes, err := openChanges(ctx, r, s)
	if err != nil {
		return err
	}
	return changes.each(func(c *change, _ *struct{}) error {
		d.Compared++
		mrr, err := c.mrr(s.counting)
		if err != nil {
			return err
		}
		if mrr != c.stored {
			d.add(fmt.Sprintf("%s, change at %s, offset %d", c, micro(c.time), c.version), "mrr "+mrr.String(), "mrr "+c.stored.String())
		}
		return nil
	})
}

// checkSubscriptions takes the latest change of each subscription, by time and
// then offset, with the MRR of its terms.
func checkSubscriptions(ctx context.Context, r *reader, s *state, d *Differences) error {
	changes, err := openChanges(ctx, r, s)
	if err != nil {
		return err
	}
	found, err := open(ctx, r, func(k *subscriptionKey, v *standing) []any {
		return []any{&k.account, &k.subscription, &v.line, &v.plan, &v.status, &v.segment, &v.region, &v.currency, &v.mrr, &v.since}
	}, `
SELECT account, subscription, line, plan, status, segment, region, currency, `+decimals("mrr")+`, toUnixTimestamp64Micro(since)
FROM DB.subscriptions ORDER BY account, subscription`)
	if err != nil {
		return err
	}
	m := newMatcher(found, d)
	key := subscriptionKey{}
	latest := map[string]standing{} // of the account
	expect := func() error {
		for _, key.subscription = range slices.SortedFunc(maps.Keys(latest), strings.Compare) {
			v := latest[key.subscription]
			if err := m.expect(&key, &v); err != nil {
				return err
			}
		}
		clear(latest)
		return nil
	}
	err = changes.each(func(c *change, _ *struct{}) error {
		if c.account != key.account {
			if err := expect(); err != nil {
				return err
			}
		}
		key.account = c.account
		mrr, err := c.mrr(s.counting)
		latest[c.subscription] = standing{c.line, c.plan, c.status, c.segment, c.region, c.coin, mrr, c.time}
		return err
	})
	if err == nil {
		err = expect()
	}
	if err != nil {
		return err
	}
	return m.finish()
}
