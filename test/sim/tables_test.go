package sim_test

import (
	"strings"
	"testing"

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
