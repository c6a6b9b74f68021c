package readback

import (
	"maps"
	"slices"
	"testing"

	"runrate/test/oracle"
)

// What the oracle computes is read back.
func TestEveryViewIsReadBack(t *testing.T) {
	if got, want := slices.Sorted(maps.Keys(views)), slices.Sorted(slices.Values(oracle.Names)); !slices.Equal(got, want) {
		t.Errorf("read back: %v; the oracle has %v", got, want)
	}
}
