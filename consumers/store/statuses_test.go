package store

import (
	"testing"
	"time"

	"runrate/internal/event"
)

// What a consumer says is owed stands in freshness, until it says that nothing is.
func TestFreshnessOwes(t *testing.T) {
	s := open(t)
	write(t, s, 0, usageRows())
	owed := "SELECT ifNull(toString(owed_since), 'nothing') FROM " + s.database.Of("freshness") + " WHERE topic = 'runrate.usage' AND partition = 0"
	want(t, s, owed, "nothing")
	for _, c := range []struct {
		since time.Time
		want  string
	}{{at("2026-11-24T00:00:01.5Z").UTC(), "2026-11-24 00:00:01.500000"}, {time.Time{}, "nothing"}} {
		if err := s.SaveStatuses(t.Context(), []Status{{Source: usage0, Status: "ok", Since: event.Time(0).UTC(), Owed: c.since}}); err != nil {
			t.Fatal(err)
		}
		want(t, s, owed, c.want)
	}
}
