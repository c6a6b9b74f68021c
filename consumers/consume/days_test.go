package consume

import (
	"slices"
	"testing"

	"runrate/consumers/store"
	"runrate/internal/event"
	"runrate/internal/money"
)

// TestApart: days that differ are kept, in order, and what one epoch does not have is 0.
func TestApart(t *testing.T) {
	day := func(n int64, line string, amount int64) store.Day {
		return store.Day{AsOf: event.Time(n) * event.Day, Line: line, Currency: "USD", Amount: money.FromInt(amount)}
	}
	differs := func(n int64, line string, before, after int64) ComparedDay {
		return ComparedDay{AsOf: event.Time(n) * event.Day, Line: line, Currency: "USD", Before: money.FromInt(before), After: money.FromInt(after)}
	}
	before := []store.Day{day(1, "api", 5), day(1, "chat", 7), day(2, "api", 5), day(3, "gone", 0)}
	after := []store.Day{day(1, "api", 5), day(2, "api", 6), day(3, "api", 1), day(1, "chat", -7)}
	want := []ComparedDay{differs(1, "chat", 7, -7), differs(2, "api", 5, 6), differs(3, "api", 0, 1)}
	if got := apart(before, after); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := apart(before, before); got != nil {
		t.Errorf("the same differ: %+v", got)
	}
	if got := apart(before, nil); len(got) != 3 { // a row of 0 is as good as none
		t.Errorf("against nothing: %+v", got)
	}
}
