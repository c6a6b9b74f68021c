package usage

import (
	"errors"
	"testing"

	"runrate/consumers/fold"
	"runrate/consumers/intake"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
)

var config = Config{ARRWindowDays: 28, ARRMultiplier: 13}

const morning = event.Time(20_000) * event.Day

func parse(t *testing.T, text string) money.Amount {
	t.Helper()
	a, err := money.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// adjusted is an accepted adjustment of a product, so many hours after morning.
func adjusted(t *testing.T, product string, hour int, amount string) rows.UsageEvent {
	t.Helper()
	return rows.UsageEvent{Account: "a", Time: morning + event.Time(hour)*event.Hour, Type: event.AdjustmentRecorded, Revenue: parse(t, amount),
		Dimensions: rows.Dimensions{Line: "api", Product: product, Currency: "USD"}}
}

// booked takes an event of the record at an offset.
func (f *Fold) booked(e rows.UsageEvent, offset stream.Offset) error {
	e.Version = offset
	return f.take(&e)
}

// closeAt ends a batch, the clock having passed so many hours after morning.
func (f *Fold) closeAt(hour int, next stream.Offset) (fold.Closed, error) {
	clock := morning + event.Time(hour)*event.Hour
	return f.Close(intake.Batch{First: f.first, Next: next, Passed: calendar.HourOf(clock), Passes: intake.Passes{{Clock: clock, Offset: next - 1}}})
}

// restart returns the fold that is restored from a snapshot of one.
func restart(t *testing.T, c fold.Closed, next stream.Offset, hour int) *Fold {
	t.Helper()
	b := New(config)
	for r := range c.Snapshot(false, &snapshot.Progress{}) {
		if err := b.Restore(r); err != nil {
			t.Fatal(err)
		}
	}
	return b.Ready(next, calendar.HourOf(morning)+calendar.Hour(hour)).(*Fold)
}

// TestTooMuch: a key's amounts are bounded, by magnitude, and the error is an
// overflow.
func TestTooMuch(t *testing.T) {
	f := New(config).Ready(0, 0).(*Fold)
	if err := f.booked(adjusted(t, "chat", 1, "3000000000000000000000000"), 0); err != nil {
		t.Fatal(err)
	}
	if err := f.booked(adjusted(t, "chat", 2, "-3000000000000000000000000"), 1); err != nil {
		t.Errorf("at the bound: %v", err)
	}
	if err := f.booked(adjusted(t, "chat", 3, "0.000000000001"), 2); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("beyond the bound: %v", err)
	}
}

// TestTooMuchAfterARestart: what cancels out in the revenue of a pane, since one part is one-off,
// counts for the bound after a restart as before.
func TestTooMuchAfterARestart(t *testing.T) {
	f := New(config).Ready(0, 0).(*Fold)
	once := adjusted(t, "chat", 1, "-3000000000000000000000000")
	once.OneOff = true
	for i, e := range []rows.UsageEvent{adjusted(t, "chat", 1, "3000000000000000000000000"), once} {
		if err := f.booked(e, stream.Offset(i)); err != nil {
			t.Fatal(err)
		}
	}
	closed, err := f.closeAt(3, 3)
	if err != nil {
		t.Fatal(err)
	}
	again := restart(t, closed, 3, 3)
	closed.Done()
	for what, f := range map[string]*Fold{"live": f, "restarted": again} {
		if err := f.booked(adjusted(t, "chat", 4, "0.000000000001"), 3); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("%s: beyond the bound: %v", what, err)
		}
	}
}

// TestOverflowWithoutBound takes the bound on a key away: sums that overflow are
// then no number in any row, in memory and after a restart, and at a midnight the
// fold itself stops.
func TestOverflowWithoutBound(t *testing.T) {
	const most = "60000000000000000000000000"
	for name, c := range map[string]struct{ first, second, sound int }{"in a pane": {1, 1, 0}, "in windows": {1, 2, 2}} {
		f := New(config).Ready(0, 0).(*Fold)
		for i, hour := range []int{c.first, c.second} {
			row := adjusted(t, "chat", hour, most)
			f.seriesOf(row.Dimensions).gross = parse(t, "-90000000000000000000000000") // the bound
			if err := f.booked(row, stream.Offset(i)); err != nil {
				t.Fatal(err)
			}
		}
		closed, err := f.closeAt(3, 3)
		if err != nil {
			t.Fatal(err)
		}
		overflowing(t, name, closed, c.sound)
		again := restart(t, closed, 3, 3)
		closed.Done()
		for what, f := range map[string]*Fold{"live": f, "restarted": again} {
			if closed, err = f.closeAt(4, 4); err != nil {
				t.Fatal(err)
			}
			overflowing(t, name+", "+what, closed, 0)
			closed.Done()
			if err := f.booked(adjusted(t, "chat", 5, "1"), 4); !errors.Is(err, money.ErrOverflow) && what == "restarted" {
				t.Errorf("%s, %s: the next event: %v", name, what, err)
			}
			if _, err := f.closeAt(24, 5); !errors.Is(err, money.ErrOverflow) {
				t.Errorf("%s, %s, at midnight: %v", name, what, err)
			}
		}
	}
}

// overflowing holds the rows of rolling_revenue to sums that have overflowed, but
// for so many.
func overflowing(t *testing.T, name string, c fold.Closed, sound int) {
	t.Helper()
	n := 0
	for r := range c.Changes().Rolling {
		switch {
		case !r.Totals.Revenue.InRange():
			n++
		case r.Totals.Revenue.IsZero():
			t.Errorf("%s: %s as of %s is 0", name, r.Window, r.AsOf)
		default:
			sound--
		}
	}
	if n == 0 || sound > 0 {
		t.Errorf("%s: %d windows overflow, %d fewer than expected do not", name, n, sound)
	}
}
