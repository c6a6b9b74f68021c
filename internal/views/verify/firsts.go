package verify

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"runrate/schemas/topics"
)

// firstKey is since when an account has ARR of a kind, which stands in no view of its own:
// arr_bridge, retention and cohorts tell new accounts by it.
type firstKey struct {
	topic, account string
	balance
}

// Compare orders by column, usage first.
func (k firstKey) Compare(l firstKey) int {
	return cmp.Or(-strings.Compare(k.topic, l.topic), strings.Compare(k.account, l.account), k.balance.compare(l.balance))
}

// String names the row.
func (k firstKey) String() string {
	return fmt.Sprintf("%s, first ARR of account %s, line %s, currency %s", k.topic, quote(k.account), quote(k.line), k.currency)
}

// midnight is a row's value.
type midnight struct{ day int32 }

// String is the instant.
func (m midnight) String() string { return instant(uint32(m.day) * 86_400) }

// checkFirsts derives since when each account has ARR, of the midnights passed.
func checkFirsts(ctx context.Context, r *reader, s *state, d *Differences) error {
	found, err := open(ctx, r, func(k *firstKey, v *midnight) []any {
		return []any{&k.topic, &k.account, &k.line, &k.currency, &v.day}
	}, `
SELECT topic, account, line, currency, toInt32(first)
FROM DB.account_first_versions FINAL
WHERE (topic, epoch) IN (('`+topics.Usage+`', $usage), ('`+topics.Subscriptions+`', $subscriptions)) AND first != toDate(0) AND toInt32(first) <= $passed
ORDER BY topic DESC, account, line, currency`,
		"$usage", s.usage.epoch, "$subscriptions", s.subs.epoch, "$passed", s.bothMidnight())
	if err != nil {
		return err
	}
	m := newMatcher(found, d)
	of := func(topic string) func(string, balance, day) error {
		return func(account string, b balance, first day) error {
			if first > s.bothMidnight() {
				return nil
			}
			return m.expect(&firstKey{topic, account, b}, &midnight{int32(first)})
		}
	}
	w := &worth{rows: map[balance]bridges{}, first: of(topics.Usage)}
	if err := w.usage(ctx, r, s); err != nil {
		return err
	}
	w.first = of(topics.Subscriptions)
	if err := w.subscriptions(ctx, r, s); err != nil {
		return err
	}
	if err := m.finish(); err != nil {
		return err
	}
	return w.err()
}
