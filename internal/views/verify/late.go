package verify

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"runrate/internal/stream"
)

// The kinds of late amounts.
const (
	lateUsage = "usage revenue"
	lateMRR   = "MRR"
)

// lateKey is what late events of a day are added up by: the day, and that of the clock on
// which they were folded.
type lateKey struct {
	kind, line, currency string
	day, folded          int32 // since 1970
}

// Compare orders by column.
func (k lateKey) Compare(l lateKey) int {
	return cmp.Or(strings.Compare(k.kind, l.kind), strings.Compare(k.line, l.line), strings.Compare(k.currency, l.currency),
		cmp.Compare(k.day, l.day), cmp.Compare(k.folded, l.folded))
}

// String names the sum.
func (k lateKey) String() string {
	return fmt.Sprintf("late %s of %s, line %s, currency %s, folded on %s", k.kind, instant(day(k.day).seconds()), quote(k.line), k.currency, instant(day(k.folded).seconds()))
}

// lateSum is what they come to.
type lateSum struct{ amount }

// dayTicks are, of each partition of a topic, the ticks that began a day of its clock:
// a record after one of them was folded on that day or later.
const dayTicks = `(SELECT partition, min(offset) AS tick, toInt32(intDiv(toUnixTimestamp(time), 86400)) AS today FROM DB.control_records WHERE topic = '$topic' AND kind = 'clock' GROUP BY partition, today)`

// checkLate adds late events up again: those whose day had ended by the ticks before them.
func checkLate(ctx context.Context, r *reader, s *state, d *Differences) error {
	into := func(k *lateKey, v *lateSum) []any {
		return []any{&k.kind, &k.line, &k.currency, &k.day, &k.folded, &v.amount}
	}
	expected, err := open(ctx, r, into, `
SELECT '$kind', line, currency, d, today, `+decimals("sum(amount)")+`
FROM
(
	SELECT e.line AS line, e.currency AS currency, toInt32(intDiv(toUnixTimestamp(e.time), 86400)) AS d, c.today AS today, if(e.one_off, toDecimal128(0, 12), e.revenue) AS amount
	FROM DB.usage_events AS e ASOF LEFT JOIN `+dayTicks+` AS c ON c.partition = e.partition AND e.offset > c.tick
)
WHERE d < today GROUP BY line, currency, d, today HAVING sum(amount) != 0 ORDER BY line, currency, d, today`, "$topic", stream.Usage.Topic(), "$kind", lateUsage)
	if err != nil {
		return err
	}
	found, err := openLate(ctx, r, s, stream.Usage.Topic(), lateUsage, into)
	if err != nil {
		return err
	}
	if err := match(expected, found, d); err != nil {
		return err
	}
	l := &lateChanges{sums: map[lateKey]amount{}}
	if err := l.read(ctx, r, s); err != nil {
		return err
	}
	if found, err = openLate(ctx, r, s, stream.Subscriptions.Topic(), lateMRR, into); err != nil {
		return err
	}
	m := newMatcher(found, d)
	for _, k := range slices.SortedFunc(maps.Keys(l.sums), lateKey.Compare) {
		if v := (lateSum{l.sums[k]}); !v.IsZero() {
			if err := m.expect(&k, &v); err != nil {
				return err
			}
		}
	}
	if err := m.finish(); err != nil {
		return err
	}
	return l.err()
}

// openLate reads the sums that are kept of a topic.
func openLate(ctx context.Context, r *reader, s *state, topic stream.Topic, kind string, into func(*lateKey, *lateSum) []any) (*cursor[lateKey, lateSum], error) {
	return open(ctx, r, into, `
SELECT '$kind', line, currency, toInt32(day) AS d, toInt32(folded) AS f, `+decimals("sum(amount)")+`
FROM DB.late_amount_versions FINAL WHERE topic = '$topic' AND epoch = $epoch
GROUP BY line, currency, d, f HAVING sum(amount) != 0 ORDER BY line, currency, d, f`, "$topic", topic, "$epoch", s.of(topic.Kind()).epoch, "$kind", kind)
}

// lateChanges adds up what changes of subscriptions moved on days that had ended.
type lateChanges struct {
	exact
	sums map[lateKey]amount
}

// foldedChange is a change and the day of the clock on which it was folded.
type foldedChange struct {
	change
	folded int32
	mrr    amount
}

// read goes over the subscriptions, one at a time.
func (l *lateChanges) read(ctx context.Context, r *reader, s *state) error {
	changes, err := open(ctx, r, func(c *foldedChange, _ *struct{}) []any { return append(c.into(), &c.folded) }, `
SELECT `+changeColumns()+`, today
FROM
(
	SELECT v.*, c.today AS today
	FROM (SELECT * FROM DB.subscription_change_versions FINAL WHERE epoch = $epoch) AS v
	ASOF LEFT JOIN `+dayTicks+` AS c ON c.partition = v.partition AND toInt64(v.version) > c.tick
)
ORDER BY account, subscription, t, version`, "$epoch", s.subs.epoch, "$topic", stream.Subscriptions.Topic())
	if err != nil {
		return err
	}
	var of []foldedChange
	err = changes.each(func(c *foldedChange, _ *struct{}) error {
		if len(of) > 0 && (of[0].account != c.account || of[0].subscription != c.subscription) {
			l.subscription(of)
			of = of[:0]
		}
		mrr, err := c.change.mrr(s.counting)
		of = append(of, foldedChange{c.change, c.folded, mrr})
		return err
	})
	l.subscription(of)
	return err
}

// subscription takes what each day of the clock changed of days before: what the changes
// known by its end move on each day, less what those known by its begin did.
func (l *lateChanges) subscription(changes []foldedChange) {
	days := map[int32]bool{}
	for i := range changes {
		if c := &changes[i]; c.day() < c.folded {
			days[c.folded] = true
		}
	}
	for folded := range days {
		l.known(changes, folded, folded, +1)
		l.known(changes, folded, folded-1, -1)
	}
}

// known adds the steps on days before folded that follow from the changes known by the end
// of a day, or takes them off.
func (l *lateChanges) known(changes []foldedChange, folded, by int32, sign int64) {
	var was part
	for i := range changes {
		c := &changes[i]
		if c.folded > by {
			continue
		}
		if c.day() < folded {
			l.step(was.balance, c.day(), folded, l.times(was.mrr, -sign))
			l.step(balance{c.line, c.coin}, c.day(), folded, l.times(c.mrr, sign))
		}
		was = part{balance{c.line, c.coin}, c.mrr}
	}
}

func (l *lateChanges) step(b balance, on, folded int32, by amount) {
	if by.IsZero() {
		return
	}
	k := lateKey{lateMRR, b.line, b.currency, on, folded}
	l.sums[k] = l.add(l.sums[k], by)
}

// day is that of its time, since 1970.
func (c *foldedChange) day() int32 { return int32(c.time / microsPerHour / 24) }

// checkRestatements holds what the latest restatement of each midnight says that ARR is
// against arr.
func checkRestatements(ctx context.Context, r *reader, s *state, d *Differences) error {
	into := func(k *lineKey, v *lateSum) []any { return []any{&k.line, &k.currency, &k.at, &v.amount} }
	expected, err := open(ctx, r, into, `
SELECT line, currency, t, `+decimals("sum(known)")+`
FROM
(
	SELECT toString(line) AS line, toString(currency) AS currency, toUnixTimestamp(as_of) AS t, arr AS known FROM DB.arr WHERE as_of = toStartOfDay(as_of)
	UNION ALL
	SELECT DISTINCT toString(line) AS line, toString(currency) AS currency, toUnixTimestamp(as_of) AS t, toDecimal128(0, 12) AS known FROM DB.restatements
)
WHERE t <= $passed AND (line, currency, t) IN (SELECT toString(line), toString(currency), toUnixTimestamp(as_of) FROM DB.restatements)
GROUP BY line, currency, t ORDER BY line, currency, t`, "$passed", s.both().seconds())
	if err != nil {
		return err
	}
	found, err := open(ctx, r, into, `
SELECT toString(line) AS l, toString(currency) AS c, toUnixTimestamp(as_of) AS t, `+decimals("argMax(after, known_on)")+`
FROM DB.restatements WHERE as_of <= toDateTime($passed, 'UTC') GROUP BY l, c, t ORDER BY l, c, t`, "$passed", s.both().seconds())
	if err != nil {
		return err
	}
	return match(expected, found, d)
}
