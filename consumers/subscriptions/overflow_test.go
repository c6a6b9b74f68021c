package subscriptions

import (
	"errors"
	"testing"

	"runrate/consumers/fold"
	"runrate/consumers/intake"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
	snapshot "runrate/schemas/snapshot/v1"
)

const morning = event.Time(20_000) * event.Day

func parse(t *testing.T, text string) money.Amount {
	t.Helper()
	a, err := money.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// changed takes a change of an account's subscription, an hour after morning,
// that comes to an MRR.
func (f *Fold) changed(t *testing.T, account, id, mrr string, offset stream.Offset) error {
	t.Helper()
	e := event.Event{Type: event.SubscriptionChanged, Account: event.Account(account), Time: morning + event.Hour, Source: "t", ID: id,
		Subscription: &event.Subscription{ID: id, Line: "chat", Plan: "team", Status: event.Active, Currency: "USD"}}
	return f.take(&e, parse(t, mrr), offset)
}

// closeAt ends a batch, the clock having passed so many hours after morning.
func (f *Fold) closeAt(hour int, next stream.Offset) (fold.Closed, error) {
	clock := morning + event.Time(hour)*event.Hour
	return f.Close(intake.Batch{First: f.first, Next: next, Passed: calendar.HourOf(clock), Passes: intake.Passes{{Clock: clock, Offset: next - 1}}})
}

// restart returns the fold that is restored from a snapshot of one.
func restart(t *testing.T, c fold.Closed, next stream.Offset, hour int) *Fold {
	t.Helper()
	b := New(definitions.DefaultStatuses)
	for r := range c.Snapshot(false, &snapshot.Progress{}) {
		if err := b.Restore(r); err != nil {
			t.Fatal(err)
		}
	}
	return b.Ready(next, calendar.HourOf(morning)+calendar.Hour(hour)).(*Fold)
}

// TestTooMuch: the MRR of all changes is bounded, and the error is an overflow.
func TestTooMuch(t *testing.T) {
	f := New(definitions.DefaultStatuses).Ready(0, 0).(*Fold)
	if err := f.changed(t, "a", "1", "3000000000000000000000000", 0); err != nil {
		t.Fatal(err)
	}
	if err := f.changed(t, "b", "1", "3000000000000000000000000", 1); err != nil {
		t.Errorf("at the bound: %v", err)
	}
	if err := f.changed(t, "c", "1", "0.000000000001", 2); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("beyond the bound: %v", err)
	}
}

// TestOverflowWithoutBound takes the bound on all changes away: the sums that
// overflow then are no number in any row, in memory and after a restart, and where
// one decides over a movement, or at a midnight, the fold itself stops.
func TestOverflowWithoutBound(t *testing.T) {
	const most = "60000000000000000000000000"
	var bound = parse(t, "-90000000000000000000000000")
	f := New(definitions.DefaultStatuses).Ready(0, 0).(*Fold)
	for i, account := range []string{"a", "b"} {
		f.gross = bound
		if err := f.changed(t, account, "1", most, stream.Offset(i)); err != nil {
			t.Fatal(err)
		}
	}
	closed, err := f.closeAt(3, 3)
	if err != nil {
		t.Fatal(err)
	}
	overflowing(t, "at once", closed)
	again := restart(t, closed, 3, 3)
	closed.Done()
	for what, f := range map[string]*Fold{"live": f, "restarted": again} {
		if closed, err = f.closeAt(4, 4); err != nil {
			t.Fatal(err)
		}
		overflowing(t, what, closed)
		closed.Done()
		if err := f.changed(t, "c", "1", "1", 4); !errors.Is(err, money.ErrOverflow) && what == "restarted" {
			t.Errorf("%s, the next change: %v", what, err)
		}
		f.gross = bound
		if err := f.changed(t, "a", "2", most, 5); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("%s, a second subscription: %v", what, err)
		}
		if _, err := f.closeAt(24, 6); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("%s, at midnight: %v", what, err)
		}
	}
}

// overflowing holds the rows of mrr to sums that have overflowed.
func overflowing(t *testing.T, name string, c fold.Closed) {
	t.Helper()
	n := 0
	for r := range c.Changes().MRR {
		if n++; r.MRR.InRange() {
			t.Errorf("%s: MRR as of %s is %s", name, r.AsOf, r.MRR)
		}
	}
	if n == 0 {
		t.Errorf("%s: no row of mrr", name)
	}
}
