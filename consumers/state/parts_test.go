package state_test

import (
	"testing"

	"runrate/consumers/state"
	snapshot "runrate/schemas/snapshot/v1"
)

func record(s *snapshot.UsageState) *snapshot.Record {
	return &snapshot.Record{State: &snapshot.Record_Usage{Usage: s}}
}

// fill puts so many accounts of a size into parts, and then the progress.
func fill(accounts, bytes int, filled *int) func(*state.Parts[snapshot.UsageState]) {
	return func(p *state.Parts[snapshot.UsageState]) {
		for *filled = 0; *filled < accounts && !p.Stopped(); *filled++ {
			p.Part.Accounts = append(p.Part.Accounts, &snapshot.UsageAccount{})
			p.Grew(bytes)
		}
		p.Part.Progress = &snapshot.Progress{}
	}
}

// TestParts: nothing is lost between the parts, each of which is bounded, and
// what is put in last is in the last one.
func TestParts(t *testing.T) {
	for _, c := range []struct{ accounts, bytes, parts int }{
		{0, 0, 1}, {1, 100, 1}, {10, 100 << 10, 4}, {10, 1 << 20, 11}, {1000, 1000, 4},
	} {
		var filled int
		parts, accounts := 0, 0
		for r := range state.InParts(record, fill(c.accounts, c.bytes, &filled)) {
			if parts++; (r.GetUsage().Progress != nil) != (parts == c.parts) {
				t.Errorf("%+v: part %d has the progress, or the last has not", c, parts)
			}
			accounts += len(r.GetUsage().Accounts)
		}
		if parts != c.parts || accounts != c.accounts {
			t.Errorf("%+v: %d accounts in %d parts", c, accounts, parts)
		}
	}
}

// TestPartsNobodyReads: a reader that stops is not called again, and the filling
// can stop, too.
func TestPartsNobodyReads(t *testing.T) {
	var filled int
	for range state.InParts(record, fill(1000, 1<<20, &filled)) {
		break
	}
	if filled != 1 {
		t.Errorf("filled with %d accounts after the reader stopped at the first", filled)
	}
}
