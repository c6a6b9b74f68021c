package script

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"runrate/internal/event"
	"runrate/test/sim"
)

// view is how a view shows in a section of a script.
//
// Of a view without keys a section names all rows; without the section there must
// be none, if always is set. Of a view with keys (the as_of, and with two of them
// the window) a line is KEYS ROW, and the rows with these keys must be those
// named, no other. For brevity
//
//	as_of    may be a span FIRST..LAST, both included
//	window   may be several, W,W
//	ROW      may be several, ROW; ROW, or none
//
// and a line "no others" says that rows with other keys than those named must not
// be there.
type view struct {
	section, name string
	keys          int
	step          event.Time // from one as_of to the next
	always        bool
	show          func(columns []string) string // the row without its keys, "" to leave it out
}

var views = []view{
	{section: "events", name: "usage_events", show: showEvent},
	{section: "hourly", name: "usage_hourly", show: func(c []string) string {
		return strings.Join([]string{c[0], dimensions(c[1:5]), c[5], short(c[6]), short(c[7]), c[8]}, " ")
	}},
	{section: "rolling", name: "rolling_revenue", keys: 2, step: event.Hour, show: func(c []string) string {
		return strings.Join([]string{dimensions(c[:4]), c[4], short(c[5]), short(c[6]), c[7]}, " ")
	}},
	{section: "active", name: "active_accounts", keys: 2, step: event.Day, show: func(c []string) string { return c[0] + " " + c[1] }},
	{section: "movements", name: "mrr_movements", show: func(c []string) string {
		return strings.Join([]string{trim(c[0]), c[1], c[2], c[3], c[4], c[5], short(c[6])}, " ")
	}},
	{section: "mrr", name: "mrr", keys: 1, step: event.Hour, show: func(c []string) string {
		return fmt.Sprintf("%s/%s %s %s of %s", c[0], c[1], c[4], short(c[5]), c[6])
	}},
	{section: "arr", name: "arr", keys: 1, step: event.Hour, show: func(c []string) string {
		return strings.Join([]string{c[0], c[1], short(c[2]), "+", short(c[3]), "=", short(c[4])}, " ")
	}},
	{section: "net_new", name: "net_new_arr", keys: 1, step: event.Day, show: showNetNew},
	{section: "refused", name: "dead_letters", always: true, show: func(c []string) string { return c[3] }},
	{section: "accounting", name: "accounting", show: showAccounting},
}

// compare holds the views of the tables against the script's sections.
func (s *Script) compare(t *testing.T, tables *sim.Tables) {
	t.Helper()
	got := tables.Views(1, s.definition(t).ARRMultiplier, s.asOf())
	for _, v := range views {
		lines, ok := s.sections[v.section]
		switch {
		case !ok && !v.always:
		case v.keys == 0:
			var rows []string
			for _, row := range got[v.name] {
				if text := v.show(strings.Split(row, "\t")); text != "" {
					rows = append(rows, text)
				}
			}
			same(t, v.section, rows, lines)
		default:
			v.compare(t, got[v.name], lines)
		}
	}
}

// asOf says which boundaries to look at: every step of the sections there are. A
// year has 365 midnights and 8,760 hours.
func (s *Script) asOf() func(event.Time) bool {
	var steps []event.Time
	for _, v := range views {
		if _, ok := s.sections[v.section]; ok && v.step > 0 {
			steps = append(steps, v.step)
		}
	}
	return func(t event.Time) bool {
		return slices.ContainsFunc(steps, func(step event.Time) bool { return t%step == 0 })
	}
}

// reported is how many of the keys whose rows differ are shown. A rule that is broken
// shows at the first; a year of 365 days has 8,760 hours.
const reported = 5

// compare holds the rows of a view with keys against a section.
func (v view) compare(t *testing.T, got, lines []string) {
	t.Helper()
	want := map[string][]string{}
	noOthers := len(lines) == 0
	for _, line := range lines {
		if line == "no others" {
			noOthers = true
			continue
		}
		if err := v.expand(want, line); err != nil {
			t.Fatalf("%s: %q: %v", v.section, line, err)
		}
	}
	rows := map[string][]string{}
	for _, row := range got {
		columns := strings.Split(row, "\t")
		key := strings.Join(columns[:v.keys], " ")
		rows[key] = append(rows[key], v.show(columns[v.keys:]))
	}
	var wrong []string
	for key := range want {
		if !alike(rows[key], want[key]) {
			wrong = append(wrong, key)
		}
	}
	slices.Sort(wrong)
	for i, key := range wrong {
		if i == reported {
			t.Errorf("%s: %d more differ", v.section, len(wrong)-i)
			break
		}
		same(t, v.section+" as of "+key, rows[key], want[key])
	}
	if !noOthers {
		return
	}
	for key, r := range rows {
		if _, ok := want[key]; !ok {
			t.Errorf("%s as of %s: want no row, got %s", v.section, key, strings.Join(r, "; "))
			break // one will do
		}
	}
}

// expand adds the rows that a line of a section names, by their keys.
func (v view) expand(want map[string][]string, line string) error {
	f := strings.SplitN(line, " ", v.keys+1)
	if len(f) <= v.keys {
		return fmt.Errorf("want %d keys and a row", v.keys)
	}
	span, err := span(f[0], v.step)
	if err != nil {
		return err
	}
	windows := []string{""}
	if v.keys == 2 {
		windows = strings.Split(f[1], ",")
	}
	var rows []string
	if f[v.keys] != "none" {
		rows = strings.Split(f[v.keys], "; ")
	}
	for _, at := range span {
		at := at.String()
		for _, w := range windows {
			key := strings.TrimSpace(at + " " + w)
			want[key] = append(slices.Clip(want[key]), rows...)
		}
	}
	return nil
}

// alike says whether rows are the same, whatever their order.
func alike(got, want []string) bool {
	return slices.Equal(got, want) || slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want)))
}

// same fails the test, and shows the rows in order, if they are not alike.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !alike(got, want) {
		sorted := func(rows []string) string {
			return strings.Join(slices.Sorted(slices.Values(rows)), "\n     ")
		}
		t.Errorf("%s:\n got %s\nwant %s", what, sorted(got), sorted(want))
	}
}
