package verify

import "time"

// Outcome is what came of a check.
type Outcome uint8

// The outcomes.
const (
	Proved  Outcome = iota
	Differs         // at least one row
	Unknown         // could not be read; it says nothing about the rows
)

// String is the outcome in a word.
func (o Outcome) String() string { return [...]string{"ok", "DIFFERS", "unknown"}[o] }

// Result is what came of one check.
type Result struct {
	View     string // that was checked
	Proves   string // by what
	Compared int64  // rows, those found and those missing
	Differ   int64
	Rows     []Difference // the first of those that differ
	Outcome  Outcome
	Note     string
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

	show    int
	unknown string
}

func (d *Differences) add(key, expected, found string) {
	d.Count++
	if len(d.Rows) < d.show {
		d.Rows = append(d.Rows, Difference{key, expected, found})
	}
}
