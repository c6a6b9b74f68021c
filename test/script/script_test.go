package script

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"runrate/internal/event"
)

// TestScriptsThatCouldNotFail are refused.
func TestScriptsThatCouldNotFail(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"A rule.\n\nin:\ntick 2026-01-01T00:00:00Z\n\nrefused:\n", ""},
		{"in:\ntick 2026-01-01T00:00:00Z\n\nrefused:\n", "prose"},
		{"A rule.\n\nin:\n\nrefused:\n", "records"},
		{"A rule.\n\nin:\ntick 2026-01-01T00:00:00Z\n", "a view"},
		{"A rule.\n\nin:\ntick 2026-01-01T00:00:00Z\n\nrefused:\n\nroling:\n", `"roling"`},
	} {
		s := &Script{sections: sections(c.text)}
		err := s.check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}

// TestLines: what a line says is in the event, and a line that says something else is
// an error.
func TestLines(t *testing.T) {
	s := &Script{}
	for _, c := range []struct{ line, want string }{
		{"2026-03-01T10:00:00.5Z acme used chat/enterprise/eu calls=3,tokens=4 id=a",
			`{"specversion":"1.0","type":"usage.recorded","source":"","id":"a","time":"2026-03-01T10:00:00.5Z","subject":"acme","data":{"product":"chat","quantities":{"calls":3,"tokens":4},"segment":"enterprise","region":"eu"}}`},
		{"2026-03-01T10:00:00Z acme adjusted chat//eu -3.50 EUR",
			`{"specversion":"1.0","type":"adjustment.recorded","source":"","id":"","time":"2026-03-01T10:00:00Z","subject":"acme","data":{"product":"chat","amount":"-3.5","currency":"EUR","reason":"test","region":"eu"}}`},
		{"2026-03-01T10:00:00Z acme s1 chat/team past_due 2 x 1.50 USD 3 month 10%",
			`{"specversion":"1.0","type":"subscription.changed","source":"","id":"","time":"2026-03-01T10:00:00Z","subject":"acme","data":{"subscription":"s1","line":"chat","plan":"team","status":"past_due","quantity":2,"unit_amount":"1.5","currency":"USD","interval":"month","interval_count":3,"discount_percent":"10"}}`},
	} {
		events, err := s.parse(strings.Fields(c.line))
		if err != nil || len(events) != 1 || string(events[0].AppendJSON(nil)) != c.want {
			t.Errorf("%s: %v\n got %s\nwant %s", c.line, err, events[0].AppendJSON(nil), c.want)
		}
	}
	ticks, err := s.parse(strings.Fields("tick 2026-03-01T00:00:00Z..2026-03-15T00:00:00Z every 168h"))
	if err != nil || len(ticks) != 3 || ticks[2].Type != event.ClockTicked || ticks[2].Time.String() != "2026-03-15T00:00:00Z" {
		t.Errorf("ticks: %v, %v", ticks, err)
	}
	for _, line := range []string{
		"tick", "tick soon", "tick 2026-03-01T00:00:00Z..2026-03-15T00:00:00Z", "tick 2026-03-01T00:00:00Z..2026-03-15T00:00:00Z every 100h",
		"tick 2026-03-15T00:00:00Z..2026-03-01T00:00:00Z every 24h", "book no_such", "2026-03-01T10:00:00Z acme used chat",
		"2026-03-01T10:00:00Z acme used chat calls", "2026-03-01T10:00:00Z acme used chat calls=1 calls=2", "today acme used chat calls=1",
		"2026-03-01T10:00:00Z acme adjusted chat much USD", "2026-03-01T10:00:00Z acme adjusted chat 1",
		"2026-03-01T10:00:00Z acme s1 chat/team gone 2 x 1.50 USD 3 month", "2026-03-01T10:00:00Z acme s1 chat/team active 2 x 1.50 USD 3 decade",
		"2026-03-01T10:00:00Z acme s1 chat/team active 2 x 1.50 USD 3 month 101%",
	} {
		if events, err := s.parse(strings.Fields(line)); err == nil {
			t.Errorf("%q is taken for %v", line, events)
		}
	}
}

// TestExpand: spans, windows, several rows and none.
func TestExpand(t *testing.T) {
	v := view{section: "rolling", keys: 2, step: event.Hour}
	got := map[string][]string{}
	for _, line := range []string{
		"2026-03-01T10:00:00Z..2026-03-01T11:00:00Z 1h,24h a USD 1; b USD 2",
		"2026-03-01T11:00:00Z 24h c EUR 3",
		"2026-03-01T12:00:00Z 1h none",
	} {
		if err := v.expand(got, line); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string][]string{
		"2026-03-01T10:00:00Z 1h": {"a USD 1", "b USD 2"}, "2026-03-01T10:00:00Z 24h": {"a USD 1", "b USD 2"},
		"2026-03-01T11:00:00Z 1h": {"a USD 1", "b USD 2"}, "2026-03-01T11:00:00Z 24h": {"a USD 1", "b USD 2", "c EUR 3"},
		"2026-03-01T12:00:00Z 1h": {},
	}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, line := range []string{"2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z 1h", "2026-03-01T10:00:00Z..2026-03-01T10:30:00Z 1h none", "noon 1h none"} {
		if err := v.expand(got, line); err == nil {
			t.Errorf("%q is taken", line)
		}
	}
}
