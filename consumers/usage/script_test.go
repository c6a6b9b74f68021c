package usage_test

import (
	"testing"

	"runrate/test/script"
)

// The scripts of testdata are the awkward cases of each rule of the usage fold, one
// a file, written by hand.

// TestWindows: panes, the edges of each window, and how the clock closes them
// (DEFINITIONS W2 to W6, E8).
func TestWindows(t *testing.T) { script.Run(t, "testdata/windows", 13) }

// TestLate: what late events amend, how late they may be, and duplicates (DEFINITIONS
// W7, R5 to R7).
func TestLate(t *testing.T) { script.Run(t, "testdata/late", 12) }

// TestRating: prices, discounts, price books, and what has no price (DEFINITIONS M2 to
// M6, R8).
func TestRating(t *testing.T) { script.Run(t, "testdata/rating", 8) }

// TestActivity: which accounts count as active (DEFINITIONS W8).
func TestActivity(t *testing.T) { script.Run(t, "testdata/activity", 13) }

// TestNetNew: the bridge of usage ARR over 30 days (DEFINITIONS A5 to A7).
func TestNetNew(t *testing.T) { script.Run(t, "testdata/net_new", 10) }

// TestDefinitions: what ARR is, and other definitions of usage ARR (DEFINITIONS A1 to A4).
func TestDefinitions(t *testing.T) { script.Run(t, "testdata/definitions", 6) }
