package verify

import (
	"slices"
	"strings"
	"testing"

	chschema "runrate/schemas/clickhouse"
)

// notProved are the views that no check is named after: the definitions and the
// epochs, which the proof starts from; the dead letters and the control records,
// which are held against the log together with the events; and the losses, which the
// check of accounting counts; the rates, which are payloads of control records; and what
// SQL alone makes of views that are proved, which the oracle computes again
// (program.TestOracleThroughTheStack).
var notProved = []string{"definitions", "epochs", "dead_letters", "control_records", "losses", "price_books", "fx_rates", "arr_in", "net_new_arr_in", "fx_missing", "retention_30d", "cohorts", "arr_as_known"}

// Every other view is proved.
func TestEveryViewIsProved(t *testing.T) {
	for _, view := range chschema.Views() {
		view = strings.TrimSuffix(view, "_now") // its rows at the latest as_of
		proved := slices.ContainsFunc(checks, func(c check) bool { return c.view == view })
		if proved == slices.Contains(notProved, view) {
			t.Errorf("%s: proved: %v", view, proved)
		}
	}
}
