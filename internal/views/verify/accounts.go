package verify

import (
	"context"
	"maps"
	"slices"
)

// worth books the annual worth of every account, by line and currency.
type worth struct {
	exact
	rows map[balance]bridges
	// first is told the first midnight above 0 of each account, line and currency, in the
	// order of those.
	first func(account string, b balance, first day) error
}

// hold books an account's worth in a line and currency.
func (w *worth) hold(account string, b balance, steps []worthStep) error {
	first, ever := w.of(b).hold(&w.exact, steps)
	if !ever || w.first == nil {
		return nil
	}
	return w.first(account, b, first)
}

func (w *worth) of(b balance) bridges {
	if w.rows[b] == nil {
		w.rows[b] = bridges{}
	}
	return w.rows[b]
}

// checkAccountBridges derives net_new_arr from the accounts, one at a time.
func checkAccountBridges(ctx context.Context, r *reader, s *state, d *Differences) error {
	found, err := open(ctx, r, func(k *lineKey, v *bridge) []any {
		return []any{&k.line, &k.currency, &k.at, &v.opening, &v.new, &v.expansion, &v.reactivation, &v.contraction, &v.churn, &v.closing, &v.netNew}
	}, `
SELECT line, currency, toUnixTimestamp(as_of) AS t, `+decimals("opening", "new", "expansion", "reactivation", "contraction", "churn", "closing", "net_new")+`
FROM DB.net_new_arr WHERE as_of <= toDateTime($passed, 'UTC') ORDER BY line, currency, t`, "$passed", s.both().seconds())
	if err != nil {
		return err
	}
	w := &worth{rows: map[balance]bridges{}}
	if err := w.usage(ctx, r, s); err != nil {
		return err
	}
	if err := w.subscriptions(ctx, r, s); err != nil {
		return err
	}
	m := newMatcher(found, d)
	for _, b := range slices.SortedFunc(maps.Keys(w.rows), balance.compare) {
		if err := w.expect(m, b, s.bothMidnight()); err != nil {
			return err
		}
	}
	if err := m.finish(); err != nil {
		return err
	}
	return w.err()
}

// expect expects the rows of a line and currency.
func (w *worth) expect(m *matcher[lineKey, bridge], b balance, passed day) error {
	changes := w.rows[b]
	days := slices.Sorted(maps.Keys(changes))
	var sum bridgeChange
	for i, at := range days {
		sum.bridge = w.combine(sum.bridge, changes[at].bridge, w.add)
		sum.accounts += changes[at].accounts
		end := passed + 1
		if i+1 < len(days) {
			end = min(end, days[i+1])
		}
		for ; sum.accounts > 0 && at < end; at++ {
			if err := m.expect(&lineKey{b.line, b.currency, at.seconds()}, &sum.bridge); err != nil {
				return err
			}
		}
	}
	return nil
}

// usage books what accounts use: a day's revenue counts from the midnight after
// it until it leaves the ARR window.
func (w *worth) usage(ctx context.Context, r *reader, s *state) error {
	type holdingKey struct {
		account string
		balance
	}
	type revenue struct {
		day    int32
		amount amount
	}
	days, err := open(ctx, r, func(k *holdingKey, v *revenue) []any {
		return []any{&k.account, &k.line, &k.currency, &v.day, &v.amount}
	}, `
SELECT account, line, currency, toInt32(intDiv(toUnixTimestamp(time), 86400)) AS d, `+decimals("sum(if(one_off, toDecimal128(0, 12), revenue))")+`
FROM DB.usage_events GROUP BY account, line, currency, d ORDER BY account, line, currency, d`)
	if err != nil {
		return err
	}
	var of holdingKey
	var in, steps []worthStep
	hold := func() error {
		window := day(s.windowDays)
		steps = steps[:0]
		for i, k := 0, 0; k < len(in); { // merge what enters and what leaves
			if i < len(in) && in[i].at <= in[k].at+window {
				steps = append(steps, in[i])
				i++
				continue
			}
			steps = append(steps, worthStep{in[k].at + window, w.sub(amount{}, in[k].worth), -1})
			k++
		}
		in = in[:0]
		return w.hold(of.account, of.balance, steps)
	}
	err = days.each(func(k *holdingKey, v *revenue) error {
		if *k != of && len(in) > 0 {
			if err := hold(); err != nil {
				return err
			}
		}
		of = *k
		in = append(in, worthStep{day(v.day) + 1, w.times(v.amount, int64(s.arrMultiplier)), 1})
		return nil
	})
	if err != nil || len(in) == 0 {
		return err
	}
	return hold()
}

// subscriptions books what accounts subscribe to: a change counts from the
// midnight after it.
func (w *worth) subscriptions(ctx context.Context, r *reader, s *state) error {
	changes, err := openChanges(ctx, r, s)
	if err != nil {
		return err
	}
	account, current := "", map[string]part{}
	steps := map[balance][]worthStep{} // of the account
	hold := func() error {
		for _, b := range slices.SortedFunc(maps.Keys(steps), balance.compare) {
			if err := w.hold(account, b, steps[b]); err != nil {
				return err
			}
		}
		clear(steps)
		clear(current)
		return nil
	}
	add := func(p part, at day, sign int64) {
		if !p.mrr.IsZero() {
			steps[p.balance] = append(steps[p.balance], worthStep{at, w.times(p.mrr, sign*monthsPerYear), sign})
		}
	}
	err = changes.each(func(c *change, _ *struct{}) error {
		if c.account != account {
			if err := hold(); err != nil {
				return err
			}
			account = c.account
		}
		mrr, err := c.mrr(s.counting)
		at := day(c.time/microsPerHour/24) + 1
		add(current[c.subscription], at, -1)
		current[c.subscription] = part{balance{c.line, c.coin}, mrr}
		add(current[c.subscription], at, +1)
		return err
	})
	if err != nil {
		return err
	}
	return hold()
}
