package late_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"runrate/consumers/late"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// step is a record: a tick, or an amount of a day.
type step struct {
	clock  event.Time // of a tick, else 0
	line   string
	day    calendar.Day
	amount int64
}

// record is a log of ticks that go on and amounts, most of them late.
func record(r *rand.Rand) []step {
	var log []step
	clock := event.Time(0)
	for range 60 {
		if r.IntN(4) == 0 {
			clock = max(clock, 100*event.Day) + event.Time(r.IntN(30))*event.Hour
			log = append(log, step{clock: clock})
			continue
		}
		day := calendar.DayOf(max(clock, 100*event.Day)) - calendar.Day(r.IntN(4))
		log = append(log, step{line: []string{"a", "b"}[r.IntN(2)], day: day, amount: int64(r.IntN(7) - 3)})
	}
	return log
}

// text is a row as text, with its version.
func text(r rows.Late) string {
	return fmt.Sprintf("%s %s %s %s: %s, version %d", r.Line, r.Currency, r.Day, r.Folded, r.Amount, r.Version)
}

// fold folds a log, flushed and perhaps restored after a step by chance, into the rows
// that win.
func fold(t *testing.T, log []step, r *rand.Rand) []string {
	t.Helper()
	won := map[string]rows.Late{}
	l, clock := &late.Ledger{}, event.Time(0)
	kept := &late.Ledger{} // restored from a base and deltas
	for offset, s := range log {
		if clock = max(clock, s.clock); s.clock == 0 {
			l.Clock(clock)
			l.Add(s.line, "USD", s.day, stream.Offset(offset), money.FromInt(s.amount))
		}
		if r.IntN(3) != 0 && offset != len(log)-1 {
			continue
		}
		if err := l.Check(); err != nil {
			t.Fatal(err)
		}
		for row := range l.Rows {
			k := fmt.Sprint(row.Line, row.Currency, row.Day, row.Folded)
			if old, ok := won[k]; ok && old.Version >= row.Version {
				t.Errorf("%s after %s", text(row), text(old))
			}
			won[k] = row
		}
		kept.Restore(l.Encode(true))
		base := &late.Ledger{}
		base.Restore(l.Encode(false))
		l.Done()
		switch r.IntN(3) {
		case 0:
			l, kept = kept, base
		case 1:
			l = base
		}
	}
	var out []string
	for _, row := range won {
		out = append(out, text(row))
	}
	slices.Sort(out)
	return out
}

// want is what a log comes to, by going over it once for each row.
func want(log []step) []string {
	type key struct {
		line        string
		day, folded calendar.Day
	}
	sums, last := map[key]int64{}, map[key]int{}
	clock := event.Time(0)
	for i, s := range log {
		clock = max(clock, s.clock)
		if k := (key{s.line, s.day, calendar.DayOf(clock)}); s.clock == 0 && s.amount != 0 && s.day < k.folded {
			sums[k] += s.amount
			last[k] = i
		}
	}
	var out []string
	for k, n := range sums {
		out = append(out, text(rows.Late{Line: k.line, Currency: "USD", Day: k.day.Start(), Folded: k.folded.Start(),
			Amount: money.FromInt(n), Version: stream.Offset(last[k])}))
	}
	slices.Sort(out)
	return out
}

// TestLedger: wherever a log is cut, and whether the state is restored there, the rows are
// those of each day of the clock, under the last record that touched them.
func TestLedger(t *testing.T) {
	late := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		log := record(r)
		all := want(log)
		late += len(all)
		if got := fold(t, log, r); !slices.Equal(got, all) {
			t.Fatalf("seed %d: rows\n%q\nwant\n%q", seed, got, all)
		}
	}
	if late < 1000 {
		t.Errorf("only %d late sums were looked at", late)
	}
}
