package subscriptions

import (
	"cmp"
	"slices"

	"runrate/consumers/intake"
	"runrate/internal/calendar"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// series is the MRR of one key of the mrr view over time: what changed in each
// hour, and the sum of all changes before the last flushed boundary.
type series struct {
	plan    plan
	panes   []pane // ascending by hour; those that a late change can still meet
	sum     level
	touched []calendar.Hour // panes touched in this batch, unordered, each once
}

// level is an MRR and the number of subscriptions that pay it.
type level struct {
	mrr           money.Amount
	subscriptions int64
}

func (l *level) add(d level, sign int64) {
	if sign < 0 {
		d.mrr = d.mrr.Neg()
	}
	l.mrr = l.mrr.Plus(d.mrr)
	l.subscriptions += sign * d.subscriptions
}

// pane is what the changes of an hour add up to. touchedBy is the offset of the
// last record that touched it, below the batch's first if none did in it.
type pane struct {
	hour      calendar.Hour
	delta     level
	touchedBy stream.Offset
}

func compareHour(p pane, h calendar.Hour) int { return cmp.Compare(p.hour, h) }

// pane finds the pane of an hour, or makes it.
func (s *series) pane(h calendar.Hour) *pane {
	i, found := slices.BinarySearchFunc(s.panes, h, compareHour)
	if !found {
		s.panes = slices.Insert(s.panes, i, pane{hour: h, touchedBy: -1})
	}
	return &s.panes[i]
}

// add books a step in an hour.
func (s *series) add(h calendar.Hour, step step, offset, first stream.Offset, closed calendar.Hour) {
	p := s.pane(h)
	if p.touchedBy < first {
		s.touched = append(s.touched, h)
	}
	p.touchedBy = offset
	d := level{step.state.mrr, 1}
	p.delta.add(d, step.sign)
	if h < closed {
		s.sum.add(d, step.sign)
	}
}

// changedRows yields the rows that this batch changed: at every boundary passed in
// it where there is MRR, and at every one after a pane that it touched. The
// version of a row is the last record that influenced it: the tick that passed
// its boundary, or a later change before it.
func (s *series) changedRows(was, closed calendar.Hour, passes intake.Passes, yield func(rows.MRR) bool) bool {
	for w := s.walk(was); w.boundary < closed; {
		if w.skip(closed) {
			continue
		}
		w.forward()
		passed := stream.Offset(-1)
		if w.boundary > was {
			passed = passes.Of(w.boundary.Start())
		}
		// One that a late change emptied must be written, to hide it.
		if w.sum.subscriptions == 0 && w.late <= passed {
			continue
		}
		row := rows.MRR{
			AsOf: w.boundary.Start(), Line: s.plan.line, Plan: s.plan.plan, Segment: s.plan.segment,
			Region: s.plan.region, Currency: s.plan.currency,
			MRR: w.sum.mrr, Subscriptions: w.sum.subscriptions, Version: max(w.late, passed),
		}
		if !yield(row) {
			return false
		}
	}
	return true
}

// walk is a series as of a boundary, which goes forward by the hour.
type walk struct {
	series   *series
	boundary calendar.Hour
	sum      level         // of the panes before boundary
	next     int           // the pane to add then
	touched  int           // how many of series.touched are before boundary
	late     stream.Offset // the last record that touched one of those, -1 if there are none
}

// walk begins at the last boundary flushed, or at the first pane touched if that
// is before it.
func (s *series) walk(flushed calendar.Hour) walk {
	slices.Sort(s.touched)
	w := walk{series: s, boundary: flushed, sum: s.sum, late: -1}
	w.next, _ = slices.BinarySearchFunc(s.panes, flushed, compareHour)
	if len(s.touched) > 0 {
		for ; w.next > 0 && s.panes[w.next-1].hour >= s.touched[0]; w.next-- {
			w.sum.add(s.panes[w.next-1].delta, -1)
		}
		w.boundary = min(flushed, s.touched[0])
	}
	return w
}

// skip passes over the boundaries up to the next pane, or to limit, where there is
// nothing and was nothing to hide: true if it moved.
func (w *walk) skip(limit calendar.Hour) bool {
	if w.sum.subscriptions != 0 || w.touched > 0 {
		return false
	}
	to := limit
	if w.next < len(w.series.panes) {
		to = min(limit, w.series.panes[w.next].hour)
	}
	if to <= w.boundary {
		return false
	}
	w.boundary = to
	return true
}

// forward goes to the next boundary.
func (w *walk) forward() {
	s := w.series
	for ; w.next < len(s.panes) && s.panes[w.next].hour == w.boundary; w.next++ {
		w.sum.add(s.panes[w.next].delta, +1)
	}
	for ; w.touched < len(s.touched) && s.touched[w.touched] <= w.boundary; w.touched++ {
		w.late = max(w.late, s.find(s.touched[w.touched]).touchedBy)
	}
	w.boundary++
}

// find finds the pane of an hour that has one.
func (s *series) find(h calendar.Hour) *pane {
	i, _ := slices.BinarySearchFunc(s.panes, h, compareHour)
	return &s.panes[i]
}

// advance moves the sum on from the boundary was to closed, and lets go of the
// panes that no late change can meet any more.
func (s *series) advance(was, closed calendar.Hour) {
	i, _ := slices.BinarySearchFunc(s.panes, was, compareHour)
	for ; i < len(s.panes) && s.panes[i].hour < closed; i++ {
		s.sum.add(s.panes[i].delta, +1)
	}
	n, _ := slices.BinarySearchFunc(s.panes, closed-24*calendar.Hour(calendar.Amendable), compareHour)
	s.panes = slices.Delete(s.panes, 0, n)
}
