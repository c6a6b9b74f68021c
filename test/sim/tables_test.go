package sim_test

import (
	"slices"
	"strings"
	"testing"

	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/test/schema"
	"runrate/test/sim"
)

// upTo is one row in every table, up to but without that of the table stop.
func upTo(t *testing.T, stop string) *sim.Tables {
	t.Helper()
	seam := sim.Seam{Tables: &sim.Tables{}, Plan: func(_ int, point string) sim.Fault {
		if point == "insert "+stop {
			return sim.LostCall
		}
		return sim.None
	}}
	err := seam.Write(t.Context(), 0, schema.OneOfEach(stream.Source{Topic: stream.Usage.Topic()}))
	if (err != nil) != (stop != "") {
		t.Fatalf("up to %q: %v", stop, err)
	}
	return seam.Tables
}

// TestEveryTableIsKept: every table is kept, and a row that is missing in it is a
// difference.
func TestEveryTableIsKept(t *testing.T) {
	all := upTo(t, "")
	if diff := all.Diff(upTo(t, "")); diff != "" {
		t.Error(diff)
	}
	for _, table := range rows.Tables() {
		if diff := all.Diff(upTo(t, table.Name)); !strings.HasPrefix(diff, table.Name+" ") {
			t.Errorf("without a row in %s: %q", table.Name, diff)
		}
	}
}

// TestWindows: the table that is kept in a form of its own holds writers to what the
// others do: a version has one content, no row is twice in a flush, an older version
// does not come back, and what differs is a difference.
func TestWindows(t *testing.T) {
	usage := stream.Source{Topic: stream.Usage.Topic()}
	write := func(flushes ...[]rows.RollingRevenue) *sim.Tables {
		tables := &sim.Tables{}
		for _, flush := range flushes {
			c := schema.OneOfEach(usage)
			c.UsageEvents = func(func(rows.UsageEvent) bool) {} // one would need its identity
			c.Rolling = slices.Values(flush)
			if err := tables.Write(t.Context(), 0, c); err != nil {
				t.Fatal(err)
			}
		}
		return tables
	}
	row := func(window string, events int64, version stream.Offset) rows.RollingRevenue {
		return rows.RollingRevenue{AsOf: event.Hour, Window: window, Totals: rows.Totals{Events: events}, Version: version}
	}
	type flush = []rows.RollingRevenue
	for name, conflicts := range map[string]struct {
		flushes []flush
		want    int
	}{
		"the same again":                     {[]flush{{row("1h", 1, 5)}, {row("1h", 1, 5)}}, 0},
		"a later version":                    {[]flush{{row("1h", 1, 5)}, {row("1h", 2, 6)}}, 0},
		"an earlier version":                 {[]flush{{row("1h", 2, 6)}, {row("1h", 1, 5)}}, 0},
		"two windows":                        {[]flush{{row("1h", 1, 5), row("7d", 2, 5)}}, 0},
		"a version with two contents":        {[]flush{{row("1h", 1, 5)}, {row("1h", 2, 5)}}, 1},
		"twice in one flush":                 {[]flush{{row("1h", 1, 5), row("1h", 2, 6)}}, 1},
		"twice in one flush, one in between": {[]flush{{row("1h", 1, 5), row("7d", 1, 5), row("1h", 2, 6)}}, 1},
	} {
		if got := write(conflicts.flushes...).Conflicts; len(got) != conflicts.want {
			t.Errorf("%s: %d conflicts: %q", name, len(got), got)
		}
	}
	is := write(flush{row("1h", 2, 6)})
	for name, other := range map[string]struct {
		tables *sim.Tables
		same   bool
	}{
		"an older one came first": {write(flush{row("1h", 1, 5)}, flush{row("1h", 2, 6)}), true},
		"an older one came last":  {write(flush{row("1h", 2, 6)}, flush{row("1h", 1, 5)}), true},
		"another version":         {write(flush{row("1h", 2, 7)}), false},
		"another content":         {write(flush{row("1h", 3, 6)}), false},
		"another window":          {write(flush{row("7d", 2, 6)}), false},
		"one more":                {write(flush{row("1h", 2, 6), row("7d", 2, 6)}), false},
		"none":                    {write(flush{}), false},
	} {
		if diff, back := is.Diff(other.tables), other.tables.Diff(is); (diff == "") != other.same || (back == "") != other.same {
			t.Errorf("%s: %q, %q", name, diff, back)
		}
	}
}
