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
	plan  plan
	panes []pane // ascending by hour; those that a late change can still meet
	sum   level
	dirty []calendar.Hour // panes changed in this batch, unordered, each once
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

// pane is what the changes of an hour add up to. touched is the offset of the
// last record that changed it, below the batch's first if none did in it.
type pane struct {
	hour    calendar.Hour
	delta   level
	touched stream.Offset
}

func compareHour(p pane, h calendar.Hour) int { return cmp.Compare(p.hour, h) }

// pane finds the pane of an hour, or makes it.
func (s *series) pane(h calendar.Hour) *pane {
	i, found := slices.BinarySearchFunc(s.panes, h, compareHour)
	if !found {
		s.panes = slices.Insert(s.panes, i, pane{hour: h, touched: -1})
	}
	return &s.panes[i]
}

// add books a step in an hour.
func (s *series) add(h calendar.Hour, step step, offset, first stream.Offset, closed calendar.Hour) {
	p := s.pane(h)
	if p.touched < first {
		s.dirty = append(s.dirty, h)
	}
	p.touched = offset
	d := level{step.state.mrr, 1}
	p.delta.add(d, step.sign)
	if h < closed {
		s.sum.add(d, step.sign)
	}
}

// changed yields the rows that this batch changed: at every boundary passed in
// it where there is MRR, and at every one after a pane that it changed. The
// version of a row is the last record that influenced it: the tick that passed
// its boundary, or a later change before it.
func (s *series) changed(was, closed calendar.Hour, passes intake.Passes, yield func(rows.MRR) bool) bool {
	slices.Sort(s.dirty)
	boundary, sum := was, s.sum
	next, _ := slices.BinarySearchFunc(s.panes, was, compareHour) // pane to take in
	if len(s.dirty) > 0 {
		for ; next > 0 && s.panes[next-1].hour >= s.dirty[0]; next-- {
			sum.add(s.panes[next-1].delta, -1)
		}
		boundary = min(boundary, s.dirty[0])
	}
	late, dirty := stream.Offset(-1), 0
	for boundary < closed {
		if sum.subscriptions == 0 && dirty == 0 && boundary >= was { // nothing until the next pane
			to := closed
			if next < len(s.panes) {
				to = min(to, s.panes[next].hour)
			}
			if to > boundary {
				boundary = to
				continue
			}
		}
		for ; next < len(s.panes) && s.panes[next].hour == boundary; next++ {
			sum.add(s.panes[next].delta, +1)
		}
		for ; dirty < len(s.dirty) && s.dirty[dirty] <= boundary; dirty++ {
			late = max(late, s.find(s.dirty[dirty]).touched)
		}
		boundary++
		passed := stream.Offset(-1)
		if boundary > was {
			passed = passes.Of(boundary.Start())
		}
		// One that a late change emptied must be written, to hide it.
		if sum.subscriptions == 0 && late <= passed {
			continue
		}
		row := rows.MRR{
			AsOf: boundary.Start(), Line: s.plan.line, Plan: s.plan.plan, Segment: s.plan.segment,
			Region: s.plan.region, Currency: s.plan.currency,
			MRR: sum.mrr, Subscriptions: sum.subscriptions, Version: max(late, passed),
		}
		if !yield(row) {
			return false
		}
	}
	return true
}

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
