package verify

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"runrate/schemas/definitions"
	"slices"
	"strings"
)

// activeKey is a row of active_accounts.
type activeKey struct {
	line, window string
	at           uint32
}

// Compare orders by column.
func (k activeKey) Compare(l activeKey) int {
	return cmp.Or(strings.Compare(k.line, l.line), strings.Compare(k.window, l.window), cmp.Compare(k.at, l.at))
}

// String names the row.
func (k activeKey) String() string {
	return fmt.Sprintf("as_of %s, window %s, line %s", instant(k.at), k.window, quote(k.line))
}

// accounts is how many there are.
type accounts uint64

// String is the number.
func (n accounts) String() string { return fmt.Sprintf("accounts %d", uint64(n)) }

// activeWindows are in the order of their names, as ClickHouse sorts them.
var activeWindows = func() [len(definitions.Active)]definitions.Window {
	all := definitions.Active
	slices.SortFunc(all[:], func(a, b definitions.Window) int { return strings.Compare(a.Name, b.Name) })
	return all
}()

// allLines is the line that stands for all.
const allLines = "*"

// presence counts the accounts of one line, by window: changes[w][T] is how
// many more there are as of T than as of the midnight before.
type presence [len(activeWindows)]map[day]int64

// activity turns the days on which accounts were active into counts. It is told
// them account by account, each in the order of days.
type activity struct {
	lines   map[string]*presence
	account string
	until   map[string]*[len(activeWindows)]day // of the account: counted as of that midnight and before
}

// on is told that an account was active in a line on a day.
func (a *activity) on(account, line string, d day) {
	if account != a.account || a.until == nil {
		a.account, a.until = account, map[string]*[len(activeWindows)]day{}
	}
	for _, l := range [...]string{line, allLines} {
		p := a.lines[l]
		if p == nil {
			p = &presence{}
			for w := range p {
				p[w] = map[day]int64{}
			}
			a.lines[l] = p
		}
		until := a.until[l]
		if until == nil {
			until = &[len(activeWindows)]day{}
			a.until[l] = until
		}
		for w, window := range activeWindows {
			// As of the midnights d+1 to d+days; some are counted already.
			from := max(d+1, until[w]+1)
			until[w] = d + day(window.Days())
			if from <= until[w] {
				p[w][from]++
				p[w][until[w]+1]--
			}
		}
	}
}

// checkActive counts the accounts again, from the days on which each had an
// event.
func checkActive(ctx context.Context, r *reader, s *state, d *Differences) error {
	type on struct {
		account, line string
		day           int32
	}
	found, err := open(ctx, r, func(k *activeKey, v *uint64) []any { return []any{&k.line, &k.window, &k.at, v} }, `
SELECT line, window, toUnixTimestamp(as_of) AS t, accounts
FROM DB.active_accounts WHERE as_of <= toDateTime($passed, 'UTC') ORDER BY line, window, t`, "$passed", s.usage.passed.seconds())
	if err != nil {
		return err
	}
	days, err := open(ctx, r, func(k *on, _ *struct{}) []any { return []any{&k.account, &k.day, &k.line} }, `
SELECT account, toInt32(intDiv(toUnixTimestamp(time), 86400)) AS d, line
FROM DB.usage_events WHERE type = 'usage.recorded' GROUP BY account, d, line ORDER BY account, d, line`)
	if err != nil {
		return err
	}
	a := activity{lines: map[string]*presence{}}
	err = days.each(func(k *on, _ *struct{}) error {
		a.on(k.account, k.line, day(k.day))
		return nil
	})
	if err != nil {
		return err
	}
	m := newMatcher(counts{found}, d)
	for _, line := range slices.Sorted(maps.Keys(a.lines)) {
		for w, window := range activeWindows {
			if err := expectActive(m, activeKey{line: line, window: window.Name}, a.lines[line][w], day(s.usage.passed/24)); err != nil {
				return err
			}
		}
	}
	return m.finish()
}

// expectActive expects the rows of one line and window.
func expectActive(m *matcher[activeKey, accounts], key activeKey, changes map[day]int64, passed day) error {
	days := slices.Sorted(maps.Keys(changes))
	var n accounts
	for i, at := range days {
		n += accounts(changes[at])
		end := passed + 1
		if i+1 < len(days) {
			end = min(end, days[i+1])
		}
		for ; n > 0 && at < end; at++ {
			key.at = at.seconds()
			if err := m.expect(&key, &n); err != nil {
				return err
			}
		}
	}
	return nil
}

// counts gives a cursor's numbers their type: the driver knows uint64 only.
type counts struct{ *cursor[activeKey, uint64] }

func (c counts) row() (*activeKey, *accounts) { return &c.key, (*accounts)(&c.value) }
