package readback

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"runrate/test/oracle"
)

// TestEveryViewIsReadBack: what the oracle computes is read back.
func TestEveryViewIsReadBack(t *testing.T) {
	if got, want := slices.Sorted(maps.Keys(views)), slices.Sorted(slices.Values(slices.Concat(oracle.Names, oracle.OverAccounts))); !slices.Equal(got, want) {
		t.Errorf("read back: %v; the oracle has %v", got, want)
	}
}

// notComputed are the columns that no log determines, or that say in words what
// another says; the state of a dead letter is that of redrive's memory, and
// that of a partition what its consumer says. Where the record of an event lies changes
// with a copy of its topic; verify holds it against the log.
var notComputed = []string{"dead_letters time", "dead_letters detail", "dead_letters key", "dead_letters headers",
	"dead_letters payload", "dead_letters state", "usage_events partition", "usage_events offset", "freshness written_at", "freshness owed_since",
	"freshness status", "freshness reason", "freshness detail", "freshness since", "freshness lag_status", "freshness lag_reason", "freshness lag_sentence", "freshness committed", "freshness log_end", "freshness lag", "freshness lag_seconds", "freshness lag_at"}

// TestEveryColumnIsReadBack: every other column of those views is read back.
func TestEveryColumnIsReadBack(t *testing.T) {
	text, err := os.ReadFile("../../../schemas/clickhouse/testdata/views.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if view, column := words[0], words[1]; views[strings.TrimSuffix(view, "_now")] != nil && !slices.Contains(notComputed, view+" "+column) {
			want[view] = append(want[view], column)
		}
	}
	for view, columns := range views {
		var got []string
		for _, c := range columns {
			got = append(got, c.name)
		}
		if want[view] == nil { // is asked for with a currency, and has no columns before
			want[view] = want[view+"_now"]
		}
		slices.Sort(got)
		slices.Sort(want[view])
		if !slices.Equal(got, want[view]) {
			t.Errorf("%s: columns read back %v, of the view %v", view, got, want[view])
		}
	}
}
