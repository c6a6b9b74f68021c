package verify

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

// lineKey is a row by line, currency and as_of: of arr, of net_new_arr, or of
// sums over mrr.
type lineKey struct {
	line, currency string
	at             uint32
}

// Compare orders by column.
func (k lineKey) Compare(l lineKey) int {
	return cmp.Or(strings.Compare(k.line, l.line), strings.Compare(k.currency, l.currency), cmp.Compare(k.at, l.at))
}

// String names the row.
func (k lineKey) String() string {
	return fmt.Sprintf("as_of %s, line %s, currency %s", instant(k.at), quote(k.line), k.currency)
}

// planKey is a row of mrr.
type planKey struct {
	line, plan, segment, region, currency string
	at                                    uint32
}

// Compare orders by column.
func (k planKey) Compare(l planKey) int {
	if c := cmp.Or(strings.Compare(k.line, l.line), strings.Compare(k.plan, l.plan), strings.Compare(k.segment, l.segment)); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(k.region, l.region), strings.Compare(k.currency, l.currency), cmp.Compare(k.at, l.at))
}

// String names the row.
func (k planKey) String() string {
	return fmt.Sprintf("as_of %s, line %s, plan %s, segment %s, region %s, currency %s",
		instant(k.at), quote(k.line), quote(k.plan), quote(k.segment), quote(k.region), k.currency)
}

// recurring is an MRR and how many subscriptions pay it; 0 where only the MRR is
// compared.
type recurring struct {
	mrr           amount
	subscriptions int64
}

// String is the columns.
func (r recurring) String() string {
	if r.subscriptions == 0 {
		return "mrr " + r.mrr.String()
	}
	return fmt.Sprintf("mrr %s, subscriptions %d", r.mrr, r.subscriptions)
}

// runs turns changes by hour, in the order of keys, into the rows of every hour
// boundary after them up to the last that is passed. group is a key without its time.
type runs[K rowKey[K]] struct {
	exact
	passed hour
	at     func(K, uint32) K // the key with another time
	m      *matcher[K, recurring]

	group   K
	started bool
	next    hour // boundary to expect
	sum     recurring
}

// change is told what an hour adds to a group.
func (r *runs[K]) change(group K, h hour, by recurring) error {
	if !r.started || r.group.Compare(group) != 0 {
		if err := r.until(r.passed); err != nil {
			return err
		}
		r.started, r.group, r.next, r.sum = true, group, h+1, recurring{}
	}
	if err := r.until(h); err != nil {
		return err
	}
	r.sum = recurring{r.add(r.sum.mrr, by.mrr), r.sum.subscriptions + by.subscriptions}
	return nil
}

// until expects the rows of the group up to a boundary.
func (r *runs[K]) until(last hour) error {
	last = min(last, r.passed)
	for ; r.next <= last; r.next++ {
		if r.sum.mrr.IsZero() {
			r.next = last + 1
			break
		}
		key := r.at(r.group, r.next.seconds())
		if err := r.m.expect(&key, &r.sum); err != nil {
			return err
		}
	}
	return nil
}

func (r *runs[K]) finish() error {
	if r.started {
		if err := r.until(r.passed); err != nil {
			return err
		}
	}
	if err := r.m.finish(); err != nil {
		return err
	}
	return r.err()
}

// checkMRR adds up, by hour, what subscriptions begin and cease to pay: each
// change's MRR (proved by checkTerms) from its time to that of the next.
func checkMRR(ctx context.Context, r *reader, s *state, d *Differences) error {
	const columns = "line, plan, segment, region, currency"
	into := func(k *planKey, v *recurring) []any {
		return []any{&k.line, &k.plan, &k.segment, &k.region, &k.currency, &k.at, &v.mrr, &v.subscriptions}
	}
	changes, err := open(ctx, r, into, `
SELECT `+columns+`, tupleElement(step, 1) AS h, `+decimals("sum(mrr * tupleElement(step, 2))")+`, sum(tupleElement(step, 2))
FROM
(
	SELECT `+columns+`, mrr, arrayJoin(if(until = 0, [(since, 1)], [(since, 1), (until, -1)])) AS step
	FROM
	(
		SELECT `+columns+`, mrr, toUInt32(intDiv(toUnixTimestamp(time), 3600)) AS since,
			leadInFrame(toUInt32(intDiv(toUnixTimestamp(time), 3600)), 1, toUInt32(0)) OVER (PARTITION BY account, subscription ORDER BY time, version
				ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS until
		FROM DB.subscription_change_versions FINAL WHERE epoch = $epoch
	)
	WHERE mrr > 0
)
GROUP BY `+columns+`, h ORDER BY `+columns+`, h`, "$epoch", s.subs.epoch)
	if err != nil {
		return err
	}
	found, err := open(ctx, r, into, `
SELECT `+columns+`, toUnixTimestamp(as_of) AS t, `+decimals("mrr")+`, toInt64(subscriptions)
FROM DB.mrr WHERE as_of <= toDateTime($passed, 'UTC') ORDER BY `+columns+`, t`, "$passed", s.subs.passed.seconds())
	if err != nil {
		return err
	}
	out := runs[planKey]{passed: s.subs.passed, m: newMatcher(found, d), at: func(k planKey, at uint32) planKey { k.at = at; return k }}
	err = changes.each(func(k *planKey, v *recurring) error {
		h := hour(k.at)
		group := *k
		group.at = 0
		return out.change(group, h, *v)
	})
	if err != nil {
		return err
	}
	return out.finish()
}

// checkMovementSums holds the sum of all movements before each hour against the
// MRR that mrr shows as of it.
func checkMovementSums(ctx context.Context, r *reader, s *state, d *Differences) error {
	into := func(k *lineKey, v *recurring) []any { return []any{&k.line, &k.currency, &k.at, &v.mrr} }
	changes, err := open(ctx, r, into, `
SELECT line, currency, toUInt32(intDiv(toUnixTimestamp(time), 3600)) AS h, `+decimals("sum(amount)")+`
FROM DB.mrr_movements GROUP BY line, currency, h ORDER BY line, currency, h`)
	if err != nil {
		return err
	}
	found, err := open(ctx, r, into, `
SELECT line, currency, toUnixTimestamp(as_of) AS t, `+decimals("sum(mrr)")+`
FROM DB.mrr WHERE as_of <= toDateTime($passed, 'UTC') GROUP BY line, currency, t ORDER BY line, currency, t`, "$passed", s.subs.passed.seconds())
	if err != nil {
		return err
	}
	out := runs[lineKey]{passed: s.subs.passed, m: newMatcher(found, d), at: func(k lineKey, at uint32) lineKey { k.at = at; return k }}
	err = changes.each(func(k *lineKey, v *recurring) error {
		return out.change(lineKey{line: k.line, currency: k.currency}, hour(k.at), *v)
	})
	if err != nil {
		return err
	}
	return out.finish()
}
