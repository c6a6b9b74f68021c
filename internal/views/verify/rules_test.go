package verify

import (
	"testing"

	"runrate/internal/event"
	"runrate/internal/pricebook"
	"runrate/internal/stream"
)

// A book whose time is before that of the one in force changes nothing; one of the
// same time does. The highest tick counts, and lateness is judged to the
// microsecond.
func TestRules(t *testing.T) {
	u := rules{source: source{Topic: stream.Usage.Topic()}, partitions: 1}
	publish := func(version string, at event.Time) {
		u.apply(&verdict{event: event.Event{Type: event.PricebookPublished, Time: at}, book: &pricebook.Book{Version: version}})
	}
	for _, c := range []struct {
		version string
		at      event.Time
		want    string
	}{{"a", 10, "a"}, {"b", 9, "a"}, {"c", 10, "c"}, {"d", 11, "d"}} {
		if publish(c.version, c.at); u.book.Version != c.want {
			t.Errorf("after book %s of %d: %s is in force, want %s", c.version, c.at, u.book.Version, c.want)
		}
	}
	noon := 100 * event.Day
	if got := u.late(noon); got != "" {
		t.Errorf("before the first tick: %s", got)
	}
	for _, at := range []event.Time{noon, noon - event.Day} {
		u.apply(&verdict{event: event.Event{Type: event.ClockTicked, Time: at}})
	}
	for at, want := range map[event.Time]event.Reason{
		noon + 5*event.Minute: "", noon + 5*event.Minute + 1: event.TooNew,
		noon - 35*event.Day: "", noon - 35*event.Day - 1: event.TooOld,
	} {
		if got := u.late(at); got != want {
			t.Errorf("at %s: %q, want %q", at, got, want)
		}
	}
}

// A sample is spans within the log that do not overlap, the first at its
// beginning, of about as many records as were asked for, and the same each time.
func TestSampleOfOffsets(t *testing.T) {
	p := source{Topic: stream.Usage.Topic(), Partition: 3}
	for _, c := range []struct{ from, to, n int64 }{{0, 10, 0}, {5, 5, 3}, {0, 10, 10}, {7, 107, 30}, {1000, 4000, 7}, {0, 3_000_000, 120_000}} {
		all := offsets{stream.Offset(c.from), stream.Offset(c.to)}
		spans := sample(p, all, c.n)
		var got int64
		last := all.from
		for i, s := range spans {
			if s.from < last || s.to < s.from || s.to > all.to || (i == 0 && s.from != all.from) {
				t.Errorf("%+v: span %d is %v after %d", c, i, s, last)
			}
			got += int64(s.to - s.from)
			last = s.to
		}
		want := c.to - c.from
		if c.n > 0 {
			want = min(want, c.n)
		}
		if got > want || got < want*9/10 {
			t.Errorf("%+v: %d records in %d spans", c, got, len(spans))
		}
		if again := sample(p, all, c.n); len(again) != len(spans) || again[len(again)-1] != spans[len(spans)-1] {
			t.Errorf("%+v: another sample", c)
		}
	}
}
