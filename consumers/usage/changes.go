package usage

import (
	"slices"

	"runrate/internal/rows"
)

// Changes are the rows that the steps since the last Done changed. They are
// computed as they are walked, from the state: no Step may come between.
func (f *Fold) Changes() rows.Changes {
	was, closed := f.closed, f.gate.Passed()
	f.netnew.Settle(closed.Midnight())
	passes := f.gate.Passes()
	return rows.Changes{
		Source:      f.config.Source,
		UsageEvents: slices.Values(f.events),
		UsagePanes: func(yield func(rows.UsagePane) bool) {
			for _, s := range f.changed {
				if !s.changedPanes(yield) {
					return
				}
			}
		},
		Rolling: func(yield func(rows.RollingRevenue) bool) {
			moved := f.changed
			if closed > was {
				moved = f.series
			}
			for w := range windows {
				for _, s := range moved {
					if !s.changedWindows(w, was, closed, passes, yield) {
						return
					}
				}
			}
		},
		ActiveAccounts: func(yield func(rows.ActiveAccounts) bool) {
			for _, a := range f.lines {
				if !a.changed(was.Midnight(), closed.Midnight(), f.gate.Flushed(), passes, yield) {
					return
				}
			}
		},
		NetNew:      func(yield func(rows.NetNew) bool) { f.netnew.Changed(passes, yield) },
		DeadLetters: slices.Values(f.gate.DeadLetters()),
		Progress:    f.gate.Progress(),
	}
}

// Done ends the batch: its changes are written, its snapshot appended and its
// next offset committed.
func (f *Fold) Done() {
	was, closed := f.closed, f.gate.Passed()
	f.netnew.Settle(closed.Midnight())
	f.netnew.Done()
	for _, s := range f.changed {
		s.dirty = s.dirty[:0]
	}
	if closed > was {
		for _, s := range f.series {
			s.advance(was, closed)
		}
		f.dropEmptySeries()
		for _, a := range f.lines {
			a.done(closed.Midnight())
		}
	}
	if closed.Midnight() > was.Midnight() {
		for _, a := range f.accounts {
			a.forget(closed.Midnight())
		}
	}
	f.closed = closed
	f.changed = f.changed[:0]
	f.events = nil
	f.touched.clear()
	f.gate.Done()
}

func (f *Fold) dropEmptySeries() {
	f.series = slices.DeleteFunc(f.series, func(s *series) bool {
		if len(s.panes) == 0 {
			delete(f.bySeries, s.dimensions)
		}
		return len(s.panes) == 0
	})
}
