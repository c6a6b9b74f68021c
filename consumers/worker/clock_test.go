package worker

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"runrate/internal/event"
	"runrate/internal/rows"
)

// TestClockAhead: a clock ahead of the wall clock is said once, and once that it
// is over; one at or behind it is nothing to speak of.
func TestClockAhead(t *testing.T) {
	core, said := observer.New(zap.InfoLevel)
	w := &Worker{logger: zap.New(core)}
	now := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	see := func(ahead time.Duration, want string) {
		t.Helper()
		w.watchClock(rows.Progress{Ticked: true, Clock: event.TimeOf(now.Add(ahead))}, now)
		got := said.TakeAll()
		if want == "" && len(got) > 0 || want != "" && (len(got) != 1 || !strings.HasPrefix(got[0].Message, want)) {
			t.Errorf("%s ahead: %v, want %q", ahead, got, want)
		}
	}
	w.watchClock(rows.Progress{}, now)
	see(-time.Hour, "")
	see(time.Minute, "")
	see(187*24*time.Hour, "clock is 4488h0m0s ahead of the wall clock")
	see(186*24*time.Hour, "")
	see(0, "clock is no more ahead of the wall clock")
	see(2*time.Minute, "clock is 2m0s ahead of the wall clock")
}
