package schema_test

import (
	"slices"
	"strings"
	"testing"

	chschema "runrate/schemas/clickhouse"
	"runrate/test/oracle"
)

// asSet are the views that show what was set or done, not what was folded: there is
// nothing to compute again.
var asSet = []string{"definitions", "epochs", "losses", "control_records", "price_books", "fx_rates"}

// TestTheOracleKnowsEveryView: every view is computed again by the oracle.
func TestTheOracleKnowsEveryView(t *testing.T) {
	computed := append(slices.Concat(oracle.Names, oracle.OverAccounts), oracle.AskedByTwo)
	for _, view := range chschema.Views() {
		view = strings.TrimSuffix(view, "_now") // its rows at the latest as_of: program.TestOracleThroughTheStack
		if slices.Contains(computed, view) == slices.Contains(asSet, view) {
			t.Errorf("%s: of the oracle's: %v", view, !slices.Contains(asSet, view))
		}
	}
	for _, name := range computed {
		if !slices.Contains(chschema.Views(), name) {
			t.Errorf("the oracle computes %s, which is no view", name)
		}
	}
}
