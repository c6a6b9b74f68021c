package usage

import (
	"cmp"
	"slices"

	"runrate/internal/calendar"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

func compareHour(p pane, h calendar.Hour) int { return cmp.Compare(p.hour, h) }

// windows are the rolling windows (DEFINITIONS W6).
var windows = definitions.Rolling

// windowHours is the length of a window.
func windowHours(w int) calendar.Hour { return calendar.Hour(windows[w].Hours) }

// keptPanes is how long a pane can still enter a row: the longest window, as
// of the oldest boundary that a late event can amend, and an hour to step on.
var keptPanes = windowHours(len(windows)-1) + definitions.LateDays*24 + 2

// total is what a pane or a window adds up. count is the accepted events of
// either kind: a row exists where it is above zero.
type total struct {
	rows.Totals
	count int64
}

func (t *total) add(d total) {
	t.Totals.Add(d.Totals)
	t.count += d.count
}

func (t *total) subtract(d total) {
	t.Revenue = t.Revenue.Minus(d.Revenue)
	t.Cost = t.Cost.Minus(d.Cost)
	t.OneOff = t.OneOff.Minus(d.OneOff)
	t.Events -= d.Events
	t.count -= d.count
}

// pane is the total of one hour. touchedBy is the offset of the last record that
// touched it, below the batch's first offset if none did in this batch.
type pane struct {
	hour      calendar.Hour
	total     total
	touchedBy stream.Offset
}

// series is the revenue of one key over time: panes for the hours that have
// any, and the running sum of every window as of the last flushed boundary.
type series struct {
	dimensions rows.Dimensions
	panes      []pane // ascending by hour
	sums       [len(windows)]total
	gross      money.Amount    // all that was added, by magnitude: no sum over the series is larger
	touched    []calendar.Hour // panes touched in this batch, unordered, each once
	owed       []calendar.Hour // of batches before: see owed.go
}

// add books an event of the record at offset. closed is the last flushed
// boundary: the sums as of it take the event in where their windows hold it.
// The cost does not depend on the windows' lengths.
func (s *series) add(h calendar.Hour, d total, offset, first stream.Offset, closed calendar.Hour) error {
	if s.gross = s.gross.Plus(magnitude(d)); !s.gross.InRange() || s.gross.Cmp(maxGross) > 0 {
		return errTooMuch
	}
	p := s.pane(h)
	if p.touchedBy < first {
		s.touched = append(s.touched, h)
	}
	p.touchedBy = offset
	p.total.add(d)
	if h < closed {
		for w := range windows {
			if h >= closed-windowHours(w) {
				s.sums[w].add(d)
			}
		}
	}
	return nil
}

// magnitude is the sum of the absolute amounts, at most twice an event's cap. What is one-off
// and what is not may cancel out in a pane's revenue, and each is a sum of its own.
func magnitude(t total) money.Amount {
	return absolute(t.Revenue.Minus(t.OneOff)).Plus(absolute(t.OneOff)).Plus(absolute(t.Cost))
}

func absolute(a money.Amount) money.Amount {
	if a.Sign() < 0 {
		return a.Neg()
	}
	return a
}

// pane finds the pane of an hour, or makes it.
func (s *series) pane(h calendar.Hour) *pane {
	if n := len(s.panes); n > 0 && s.panes[n-1].hour == h {
		return &s.panes[n-1]
	}
	i, found := slices.BinarySearchFunc(s.panes, h, compareHour)
	if !found {
		s.panes = slices.Insert(s.panes, i, pane{hour: h, touchedBy: -1})
	}
	return &s.panes[i]
}

// find is the pane of an hour that has one.
func (s *series) find(h calendar.Hour) *pane {
	i, _ := slices.BinarySearchFunc(s.panes, h, compareHour)
	return &s.panes[i]
}

// changedPanes yields the rows of the panes touched in this batch.
func (s *series) changedPanes(yield func(rows.UsagePane) bool) bool {
	for _, h := range s.touched {
		p := s.find(h)
		if !yield(rows.UsagePane{Hour: h.Start(), Dimensions: s.dimensions, Totals: p.total.Totals, Version: p.touchedBy}) {
			return false
		}
	}
	return true
}

// advance moves the sums on from the boundary was to closed, and lets go of the
// panes that no row can need any more.
func (s *series) advance(was, closed calendar.Hour) {
	for w := range windows {
		c := s.cursor(w, was)
		for c.boundary < closed {
			if !c.skip(closed) {
				c.forward()
			}
		}
		s.sums[w] = c.sum
	}
	n, _ := slices.BinarySearchFunc(s.panes, closed-keptPanes, compareHour)
	s.panes = slices.Delete(s.panes, 0, n)
}

// advance moves all sums on from the boundary was to closed, and lets go of what
// no row can need any more.
func (f *Fold) advance(was, closed calendar.Hour) {
	for _, s := range f.series {
		s.advance(was, closed)
	}
	f.series = slices.DeleteFunc(f.series, func(s *series) bool {
		if len(s.panes) == 0 {
			delete(f.bySeries, s.dimensions)
		}
		return len(s.panes) == 0
	})
	for _, a := range f.lines {
		a.done(closed.Midnight())
	}
}

// forget lets go of the accounts' days that no row can need any more.
func (f *Fold) forget(closed calendar.Day) {
	for _, a := range f.accounts {
		a.forget(closed)
		a.forgetTotals(closed)
	}
}
