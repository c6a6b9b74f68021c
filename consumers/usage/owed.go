package usage

import (
	"slices"

	"runrate/internal/calendar"
	snapshot "runrate/schemas/snapshot/v1"
)

// What late events change of closed windows may be owed: a late event changes a row for
// every boundary and window that holds its hour, up to some thousands, and the next one of
// the series soon changes the same rows again. A batch that owes (intake.Batch.Owes)
// writes no windows; one that pays writes all that changed since the last one that paid.
//
// Rows and versions are as ever, since a batch that passes a boundary always pays. So
// between two that pay no row of a window is written at all, the last boundary is the
// same, and a row that is paid gets the last record that touched an hour of its window
// since then, which is the last one that influenced it.
//
// What is owed is in the state and its snapshots: the hours of a series, each with the
// last record that touched it (pane.touchedBy).

// Owes says whether something is owed as of the last batch.
func (f *Fold) Owes() bool { return len(f.owing) > 0 }

// Owes says whether something is owed after the batch.
func (c *closed) Owes() bool {
	if c.pays {
		return false
	}
	return c.fold.Owes() || slices.ContainsFunc(c.fold.touchedSeries, func(s *series) bool {
		return slices.ContainsFunc(s.touched, c.late)
	})
}

// late says whether windows that hold an hour were written before this batch.
func (c *closed) late(h calendar.Hour) bool { return h < c.fold.closed }

// settle ends the batch: it owes what late events touched in it, or nothing any more.
func (c *closed) settle() {
	if c.pays {
		c.fold.paid()
		return
	}
	for _, s := range c.fold.touchedSeries {
		for _, h := range s.touched {
			if c.late(h) {
				c.fold.owe(s, h)
			}
		}
	}
}

// owe takes down that windows of the series that hold an hour are not written.
func (f *Fold) owe(s *series, h calendar.Hour) {
	i, found := slices.BinarySearch(s.owed, h)
	if found {
		return
	}
	if len(s.owed) == 0 {
		f.owing = append(f.owing, s)
	}
	s.owed = slices.Insert(s.owed, i, h)
}

// paid says that nothing is owed any more.
func (f *Fold) paid() {
	for _, s := range f.owing {
		s.owed = nil
	}
	f.owing = nil
}

// unpaid are the series that the batch touched, and those that owe from before, each once.
func (f *Fold) unpaid() []*series {
	if len(f.owing) == 0 {
		return f.touchedSeries
	}
	all := slices.Clone(f.owing)
	for _, s := range f.touchedSeries {
		if len(s.owed) == 0 {
			all = append(all, s)
		}
	}
	return all
}

// unpaid are the hours touched since the windows were written last, ascending.
func (s *series) unpaid() []calendar.Hour {
	slices.Sort(s.touched)
	if len(s.owed) == 0 {
		return s.touched
	}
	all := slices.Concat(s.owed, s.touched)
	slices.Sort(all)
	return slices.Compact(all)
}

// owedAfter are those of the hours that are owed after the batch.
func (c *closed) owedAfter(s *series, hours ...[]calendar.Hour) (owed []*snapshot.Owed) {
	if c.pays {
		return nil
	}
	for _, h := range slices.Concat(hours...) {
		if c.late(h) {
			owed = append(owed, &snapshot.Owed{Hour: int32(h), Offset: int64(s.find(h).touchedBy)})
		}
	}
	return owed
}

// owedBytes is about what an hour that is owed encodes to.
const owedBytes = 12

// putOwed puts hours of a series that are owed. Its panes may be in other parts.
func putOwed(p *parts, s *series, owed []*snapshot.Owed) {
	out := keyOf(s)
	out.Owed = owed
	p.Part.Series = append(p.Part.Series, out)
	p.Grew(seriesBytes + owedBytes*len(owed))
}
