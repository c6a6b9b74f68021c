package verify

import (
	"slices"
	"testing"

	chschema "runrate/schemas/clickhouse"
)

// notProved are the views that show no number: the definitions and the epochs,
// which the proof starts from, and the dead letters, which are held against the
// log together with the events.
var notProved = []string{"definitions", "epochs", "dead_letters"}

// Every other view is proved.
func TestEveryViewIsProved(t *testing.T) {
	for _, view := range chschema.Views() {
		proved := slices.ContainsFunc(checks, func(c check) bool { return c.view == view })
		if proved == slices.Contains(notProved, view) {
			t.Errorf("%s: proved: %v", view, proved)
		}
	}
}
