package verify

import (
	"slices"
	"testing"

	chschema "runrate/schemas/clickhouse"
)

// notProved are the views that show what stands in the tables, no number: the
// tables are what the proof starts from. dead_letters is counted by accounting.
var notProved = []string{"definitions", "usage_events", "dead_letters"}

// Every other view is proved.
func TestEveryViewIsProved(t *testing.T) {
	for _, view := range chschema.Views() {
		proved := slices.ContainsFunc(checks, func(c check) bool { return c.view == view })
		if proved == slices.Contains(notProved, view) {
			t.Errorf("%s: proved: %v", view, proved)
		}
	}
}
