package netnew_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"runrate/consumers/intake"
	"runrate/consumers/netnew"
	"runrate/consumers/state"
	"runrate/internal/calendar"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// model is every amount that a tracker was told of, and the rows that it yielded,
// the last of each midnight.
type model struct {
	measure netnew.Measure
	amounts map[string]map[calendar.Day]int64 // by account and day
	closed  calendar.Day
	rows    map[calendar.Day]rows.NetNew
}

// value returns what an account is worth at a midnight, and whether there is
// anything.
func (m *model) value(account string, midnight calendar.Day) (value int64, present bool) {
	for d, amount := range m.amounts[account] {
		if d < midnight && (m.measure.Window == 0 || d >= midnight-m.measure.Window) {
			value += amount
			present = true
		}
	}
	if m.measure.Window == 0 {
		present = value != 0
	}
	return value, present
}

// row returns the row of a midnight by the definitions alone.
func (m *model) row(midnight calendar.Day) rows.NetNew {
	var opening, closing, accounts int64
	moves := map[string]int64{}
	for account := range m.amounts {
		now, presentNow := m.value(account, midnight)
		before, presentBefore := m.value(account, midnight-netnew.Span)
		if !presentNow && !presentBefore {
			continue
		}
		accounts++
		opening += before
		closing += now
		ever := false
		for t := start - 35; t <= midnight-netnew.Span && !ever; t++ { // no amount is earlier
			v, _ := m.value(account, t)
			ever = v > 0
		}
		switch {
		case before <= 0 && now > 0 && !ever:
			moves["new"] += now - before
		case before <= 0 && now > 0:
			moves["reactivation"] += now - before
		case before > 0 && now <= 0:
			moves["churn"] += now - before
		case now >= before:
			moves["expansion"] += now - before
		default:
			moves["contraction"] += now - before
		}
	}
	annual := func(n int64) money.Amount { return money.FromInt(n * m.measure.Factor) }
	return rows.NetNew{AsOf: midnight.Start(), Line: "api", Currency: "USD", Opening: annual(opening), New: annual(moves["new"]),
		Expansion: annual(moves["expansion"]), Reactivation: annual(moves["reactivation"]), Contraction: annual(moves["contraction"]),
		Churn: annual(moves["churn"]), Closing: annual(closing), Accounts: accounts}
}

// restored returns a tracker put together from what a snapshot of it would hold.
func (m *model) restored(was map[string]*netnew.Holding[string]) (*netnew.Tracker[string], map[string]*netnew.Holding[string]) {
	r, now := netnew.Restore[string](m.measure), map[string]*netnew.Holding[string]{}
	for account, old := range was {
		h := r.Hold(old.Line(), old.Currency(), account)
		first, ok := old.First()
		r.SetFirst(h, first, ok)
		for d, amount := range m.amounts[account] {
			switch {
			case d >= m.closed-m.measure.Kept():
				r.Set(h, d, money.FromInt(amount))
			case m.measure.Window == 0:
				r.AddPast(h, money.FromInt(amount))
			}
		}
		now[account] = h
	}
	return r.Ready(m.closed), now
}

// TestTracker holds a tracker against the definitions: amounts come in time, late
// and early, midnights pass one by one or many at once, and the tracker is
// restored in between.
func TestTracker(t *testing.T) {
	for name, measure := range map[string]netnew.Measure{
		"all days": {Factor: 12}, "28 days": {Window: 28, Factor: 13}, "1 day": {Window: 1, Factor: 365},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { track(t, measure) })
		})
	}
}

// start is the last midnight passed before the first batch.
const start calendar.Day = 100

func track(t *rapid.T, measure netnew.Measure) {
	m := &model{measure: measure, amounts: map[string]map[calendar.Day]int64{}, closed: start, rows: map[calendar.Day]rows.NetNew{}}
	tracker, holdings := m.restored(nil)
	offset := stream.Offset(0)
	for range rapid.IntRange(1, 15).Draw(t, "batches") {
		for range rapid.IntRange(0, 4).Draw(t, "changes") {
			account := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "account")
			d := m.closed + calendar.Day(rapid.IntRange(-35, 3).Draw(t, "day"))
			delta := rapid.Int64Range(-2, 3).Draw(t, "delta")
			if holdings[account] == nil {
				holdings[account] = tracker.Hold("api", "USD", account)
				m.amounts[account] = map[calendar.Day]int64{}
			}
			tracker.Change(holdings[account], d, offset, money.FromInt(delta))
			m.amounts[account][d] += delta
			offset++
		}
		closed := m.closed + calendar.Day(rapid.SampledFrom([]int{0, 0, 1, 1, 2, 40}).Draw(t, "midnights"))
		c, err := tracker.Close(closed, intake.Passes{{Clock: closed.Start(), Offset: offset}})
		if err != nil {
			t.Fatal(err)
		}
		offset++
		for row := range c.Rows {
			m.rows[calendar.DayOf(row.AsOf)] = row
		}
		c.Done()
		m.closed = closed
		if rapid.IntRange(0, 3).Draw(t, "restart") == 0 {
			tracker, holdings = m.restored(holdings)
		}
	}
	for midnight := start + 1; midnight <= m.closed; midnight++ {
		got, want := m.rows[midnight], m.row(midnight)
		if got.Version = 0; got != want && (got.Accounts != 0 || want.Accounts != 0) {
			t.Fatalf("midnight %d of %d:\n got %+v\nwant %+v", midnight, m.closed, got, want)
		}
	}
}

// TestOrder: a call that comes in the wrong order is loud.
func TestOrder(t *testing.T) {
	tracker := netnew.Restore[string](netnew.Measure{Factor: 12}).Ready(0)
	h := tracker.Hold("api", "USD", "a")
	first, err := tracker.Close(1, intake.Passes{{Clock: calendar.Day(1).Start()}})
	if err != nil {
		t.Fatal(err)
	}
	mustPanic(t, "a change before the batch is done", func() { tracker.Change(h, 1, 0, money.FromInt(1)) })
	first.Done()
	tracker.Change(h, 1, 0, money.FromInt(1))
	for what, call := range map[string]func(){
		"Done": first.Done, "Touched": func() { first.Touched() }, "Restated": func() { first.Restated() }, "Rows": func() { first.Rows(nil) },
	} {
		mustPanic(t, what+" of a batch that is done", call)
	}
}

func mustPanic(t *testing.T, what string, call func()) {
	t.Helper()
	defer func() {
		if p := recover(); p == nil || fmt.Sprint(p)[:7] != "netnew:" {
			t.Errorf("%s: %v", what, p)
		}
	}()
	call()
}

// TestOverflow: values that add up to more than a row holds end in an error,
// never in another value, whatever comes after them and after a restart.
func TestOverflow(t *testing.T) {
	const closed, d = 100, 95
	for name, measure := range map[string]netnew.Measure{"all days": {Factor: 12}, "28 days": {Window: 28, Factor: 13}} {
		for what, amounts := range map[string][]string{
			"times the factor":   {"8400000000000000000000000"},
			"by day":             {"60000000000000000000000000", "60000000000000000000000000"},
			"there and back":     {"60000000000000000000000000", "60000000000000000000000000", "-60000000000000000000000000", "-60000000000000000000000000"},
			"and taken off":      {"99999999999999999999999999", "1", "-99999999999999999999999999"},
			"beyond a Sub":       {"-99999999999999999999999999", "-1"},
			"over many accounts": slices.Repeat([]string{"5000000000000000000000000"}, 2),
		} {
			tracker := netnew.Restore[string](measure).Ready(closed)
			holdings := map[string]*netnew.Holding[string]{"": tracker.Hold("api", "USD", "")}
			for i, text := range amounts {
				amount, err := money.Parse(text)
				if err != nil {
					t.Fatal(err)
				}
				owner := ""
				if what == "over many accounts" {
					owner = fmt.Sprint(i)
					holdings[owner] = tracker.Hold("api", "USD", owner)
				}
				tracker.Change(holdings[owner], d, 5, amount)
			}
			for _, passed := range []calendar.Day{closed, closed + 1} {
				_, err := tracker.Close(passed, intake.Passes{{Clock: passed.Start(), Offset: 7}})
				if !errors.Is(err, money.ErrOverflow) || !strings.Contains(err.Error(), `line "api" in USD`) {
					t.Errorf("%s, %s, midnight %d: %v", name, what, passed, err)
				}
				again := netnew.Restore[string](measure)
				for owner, h := range holdings {
					now := again.Hold(h.Line(), h.Currency(), owner)
					for d, amount := range h.Days() {
						again.Set(now, d, state.Decode(state.Encode(amount)))
					}
				}
				tracker = again.Ready(closed)
			}
		}
	}
}
