package usage

import (
	"slices"

	"runrate/consumers/intake"
	"runrate/internal/calendar"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// cursor is the running sum of one window over one series as of a boundary:
// the panes [lo, hi) of the series, which are those of the hours
// [boundary-length, boundary). It steps an hour at a time, in either
// direction, by adding the pane that enters and taking off the one that
// leaves.
type cursor struct {
	panes    []pane
	length   calendar.Hour
	boundary calendar.Hour
	lo, hi   int
	sum      total
}

// cursor is the window's cursor as of the last flushed boundary.
func (s *series) cursor(w int, closed calendar.Hour) cursor {
	c := cursor{panes: s.panes, length: windowHours(w), boundary: closed, sum: s.sums[w]}
	c.lo, _ = slices.BinarySearchFunc(c.panes, closed-c.length, compareHour)
	c.hi, _ = slices.BinarySearchFunc(c.panes, closed, compareHour)
	return c
}

// forward moves to the next boundary.
func (c *cursor) forward() {
	if c.lo < len(c.panes) && c.panes[c.lo].hour == c.boundary-c.length {
		c.sum.subtract(c.panes[c.lo].total)
		c.lo++
	}
	if c.hi < len(c.panes) && c.panes[c.hi].hour == c.boundary {
		c.sum.add(c.panes[c.hi].total)
		c.hi++
	}
	c.boundary++
}

// back moves to the boundary before.
func (c *cursor) back() {
	c.boundary--
	if c.hi > 0 && c.panes[c.hi-1].hour == c.boundary {
		c.hi--
		c.sum.subtract(c.panes[c.hi].total)
	}
	if c.lo > 0 && c.panes[c.lo-1].hour == c.boundary-c.length {
		c.lo--
		c.sum.add(c.panes[c.lo].total)
	}
}

// skip passes over the boundaries at which the window is empty, up to limit:
// true if it moved. A clock that jumps ten years costs no more than the panes
// there are.
func (c *cursor) skip(limit calendar.Hour) bool {
	if c.lo < c.hi {
		return false
	}
	next := limit
	if c.hi < len(c.panes) {
		next = min(limit, c.panes[c.hi].hour)
	}
	if next <= c.boundary {
		return false
	}
	c.boundary = next
	return true
}

// changedWindows yields the rows of a window that this batch changed, and what was owed
// before it: at the boundaries passed in it, (was, closed], every one where the window
// holds an event; at earlier ones, those whose window holds a pane touched since windows
// were written last. The
// version of a row is the last record that influenced it: the tick that passed
// its boundary, or a later event in its window.
func (s *series) changedWindows(w int, was, closed calendar.Hour, passes intake.Passes, yield func(rows.RollingRevenue) bool) bool {
	touched := s.unpaid()
	c := s.cursor(w, was)
	latest := latestTouch{series: s, touched: touched, length: c.length}
	if len(touched) > 0 {
		for c.boundary > touched[0] { // its window ends before the first pane touched
			c.back()
		}
	}
	for c.boundary < closed {
		if c.skip(closed) {
			continue
		}
		c.forward()
		version, influenced := latest.in(c.boundary)
		if c.boundary > was {
			version = max(version, passes.Of(c.boundary.Start()))
			influenced = true
		}
		if !influenced || c.sum.count == 0 {
			continue
		}
		row := rows.RollingRevenue{
			AsOf: c.boundary.Start(), Window: windows[w].Name, Dimensions: s.dimensions,
			Totals: c.sum.Totals, Version: version,
		}
		if !yield(row) {
			return false
		}
	}
	return true
}

// latestTouch is the greatest touchedBy among the touched panes that a window holds, for boundaries that ascend: a sliding maximum
// (monotone queue), so that a step costs no more than the panes it passes.
type latestTouch struct {
	series  *series
	touched []calendar.Hour // ascending
	length  calendar.Hour
	next    int // in touched
	queue   []*pane
}

func (l *latestTouch) in(boundary calendar.Hour) (stream.Offset, bool) {
	for ; l.next < len(l.touched) && l.touched[l.next] < boundary; l.next++ {
		p := l.series.find(l.touched[l.next])
		for len(l.queue) > 0 && l.queue[len(l.queue)-1].touchedBy <= p.touchedBy {
			l.queue = l.queue[:len(l.queue)-1]
		}
		l.queue = append(l.queue, p)
	}
	for len(l.queue) > 0 && l.queue[0].hour < boundary-l.length {
		l.queue = l.queue[1:]
	}
	if len(l.queue) == 0 {
		return -1, false
	}
	return l.queue[0].touchedBy, true
}
