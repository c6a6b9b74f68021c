// Package definitions has the numbers of docs/DEFINITIONS.md that several parts
// rest on: windows, usage ARR, the statuses that count, how late an event may be, how far net new ARR
// looks back. Folds, views, proof and simulation take them from here; only the
// naive recomputation in test/oracle has its own.
package definitions

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// How far from the clock an event may be (DEFINITIONS R6, R7), and how far ahead
// of it a tick that does not jump (R9).
const (
	AheadMinutes = 5
	LateDays     = 35
	JumpDays     = 7
)

// NetNewDays is how far net_new_arr looks back (DEFINITIONS A5).
const NetNewDays = 30

// Window is the length of a window, with the name by which rows have it.
type Window struct {
	Name  string
	Hours int32
}

const day = 24

// Rolling are the windows of usage revenue, the longest last (DEFINITIONS W6).
var Rolling = [...]Window{
	{"1h", 1}, {"24h", 24}, {"7d", 7 * day}, {"28d", 28 * day}, {"30d", 30 * day}, {"90d", 90 * day}, {"365d", 365 * day},
}

// Active are the windows of active accounts, whole days, the longest last
// (DEFINITIONS W8).
var Active = [...]Window{{"1d", day}, {"7d", 7 * day}, {"28d", 28 * day}, {"90d", 90 * day}}

// Days is the length in whole days.
func (w Window) Days() int32 { return w.Hours / day }

// Names are the names of windows in a sentence: "1d, 7d or 28d".
func Names(windows []Window) string {
	var names []string
	for _, w := range windows {
		names = append(names, w.Name)
	}
	return enumerated(names)
}

func enumerated(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// ARR is what usage ARR means: Multiplier x the usage revenue of a window of
// WindowDays days (DEFINITIONS A1, A4).
type ARR struct {
	WindowDays uint16
	Multiplier uint32
}

// The default of usage ARR (DEFINITIONS A1).
const (
	DefaultWindowDays = 28
	DefaultMultiplier = 13
)

// DefaultARR is the definition of usage ARR unless another is set.
var DefaultARR = ARR{DefaultWindowDays, DefaultMultiplier}

// Window is the name of the rolling window that is made annual.
func (a ARR) Window() string { return strconv.Itoa(int(a.WindowDays)) + "d" }

// ARRWindows are the lengths in days that usage ARR may be taken from: those of
// the rolling windows that are named by days.
func ARRWindows() []uint16 {
	var days []uint16
	for _, w := range Rolling {
		if n := uint16(w.Days()); w.Name == (ARR{WindowDays: n}).Window() {
			days = append(days, n)
		}
	}
	return days
}

// ARRWindowDays are ARRWindows in a sentence: "7, 28 or 30".
func ARRWindowDays() string { return enumerated(arrWindows()) }

func arrWindows() []string {
	var words []string
	for _, days := range ARRWindows() {
		words = append(words, strconv.Itoa(int(days)))
	}
	return words
}

// Check says what is wrong with a definition, nil if nothing is.
func (a ARR) Check() error {
	switch {
	case !slices.Contains(ARRWindows(), a.WindowDays):
		return fmt.Errorf("a window of %d days is not among %s", a.WindowDays, strings.Join(arrWindows(), ", "))
	case a.Multiplier == 0:
		return errors.New("the multiplier is 0")
	}
	return nil
}
