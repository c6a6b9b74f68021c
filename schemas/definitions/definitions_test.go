package definitions

import (
	"fmt"
	"slices"
	"testing"
)

// TestWindowsAreWhatTheyAreCalled: a window's name is its length, in hours or days,
// and they ascend.
func TestWindowsAreWhatTheyAreCalled(t *testing.T) {
	for what, windows := range map[string][]Window{"rolling": Rolling[:], "active": Active[:]} {
		last := int32(0)
		for _, w := range windows {
			var n int32
			var unit string
			if _, err := fmt.Sscanf(w.Name, "%d%s", &n, &unit); err != nil {
				t.Fatal(err)
			}
			if unit == "d" {
				n *= day
			}
			if n != w.Hours || w.Hours <= last || (what == "active" && w.Hours%day != 0) {
				t.Errorf("%s window %s of %d hours after one of %d", what, w.Name, w.Hours, last)
			}
			last = w.Hours
		}
	}
	if got := Names(Rolling[:3]); got != "1h, 24h or 7d" {
		t.Error(got)
	}
}

func TestARR(t *testing.T) {
	if got := ARRWindows(); !slices.Equal(got, []uint16{7, 28, 30, 90, 365}) {
		t.Errorf("ARR windows %v", got)
	}
	if err := DefaultARR.Check(); err != nil || DefaultARR.Window() != "28d" {
		t.Errorf("%v: %v", DefaultARR, err)
	}
	for want, a := range map[string]ARR{
		"a window of 1 days is not among 7, 28, 30, 90, 365": {WindowDays: 1, Multiplier: 365}, // 24h is no day window
		"the multiplier is 0":                                {WindowDays: 7},
	} {
		if err := a.Check(); err == nil || err.Error() != want {
			t.Errorf("%v: %v, want %q", a, err, want)
		}
	}
}
