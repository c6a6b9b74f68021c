package verify

import (
	"fmt"
	"strings"
	"time"
)

// Outcome is what came of a check.
type Outcome uint8

// The outcomes.
const (
	Proved  Outcome = iota
	Differs         // at least one row
	Unknown         // something could not be compared, so nothing is said of it
	LeftOut         // not asked for: Options say so
)

// String is the outcome in a word.
func (o Outcome) String() string { return [...]string{"ok", "DIFFERS", "unknown", "left out"}[o] }

// Result is what came of one check.
type Result struct {
	View     string // that was checked
	Proves   string // by what
	Compared int64  // rows, those found and those missing
	Differ   int64
	Rows     []Difference // the first of those that differ
	Outcome  Outcome
	Scope    string // of how much, if it was not all that there is
	Lost     int64  // records that were given up, as the view losses shows
	Note     string // a sentence on what was not compared, or why
	Took     time.Duration
}

// Difference is one row that is not what it should be. Expected or Found is
// empty where there should be no row, or is none.
type Difference struct{ Key, Expected, Found string }

// Differences collects those of one check.
type Differences struct {
	Compared int64
	Count    int64
	Rows     []Difference

	show   int
	lost   int64
	scope  string
	left   bool     // some of it was not asked for
	doubts []string // what could not be compared, and why
	notes  []string // what else there is to say
}

func (d *Differences) add(key, expected, found string) {
	d.Count++
	if len(d.Rows) < d.show {
		d.Rows = append(d.Rows, Difference{key, expected, found})
	}
}

// doubt notes what could not be compared: the check cannot be proved.
func (d *Differences) doubt(format string, args ...any) {
	d.doubts = append(d.doubts, fmt.Sprintf(format, args...))
}

// lose notes what was given up.
func (d *Differences) lose(p source, l loss) {
	d.lost += int64(l.to - l.from)
	d.remark("%s: the %d records from %d on are lost, which was accepted: %s", p, l.to-l.from, l.from, l.reason)
}

// remark notes what a reader should know, and what spoils no proof.
func (d *Differences) remark(format string, args ...any) {
	d.notes = append(d.notes, fmt.Sprintf(format, args...))
}

// noted bounds the sentences of a note: a topic may have thousands of partitions.
const noted = 5

func (d *Differences) note() string {
	all := append(d.doubts, d.notes...)
	if more := len(all) - noted; more > 0 {
		all = append(all[:noted], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(all, "; ")
}

func (d *Differences) outcome() Outcome {
	switch {
	case d.Count > 0:
		return Differs
	case len(d.doubts) > 0:
		return Unknown
	case d.left && d.Compared == 0:
		return LeftOut
	}
	return Proved
}
