package sim

import (
	"fmt"
	"iter"

	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// windows is the table of rolling revenue. It keeps what any table keeps, in another
// form: nearly all rows of a run are these, thousands for some tens of records, so
// that the long part of their key is kept once for all hours of a series' window.
type windows struct {
	flushes int64
	hours   map[windowKey]map[event.Time]hour
}

type windowKey struct {
	source     stream.Source
	window     string
	dimensions rows.Dimensions
}

// hour is a row without its key.
type hour struct {
	totals  rows.Totals
	version stream.Offset
	flush   int64 // that last had it
}

// row is the row of an hour.
func (k windowKey) row(asOf event.Time, h hour) rows.RollingRevenue {
	return rows.RollingRevenue{AsOf: asOf, Window: k.window, Dimensions: k.dimensions, Totals: h.totals, Version: h.version}
}

// put takes the rows of a flush in, as putAll does those of another table.
func (m *windows) put(w writer, all iter.Seq[rows.RollingRevenue]) error {
	if m.hours == nil {
		m.hours = map[windowKey]map[event.Time]hour{}
	}
	m.flushes++
	var last windowKey // a window's rows follow each other
	var hours map[event.Time]hour
	for r := range all {
		if !r.InRange() {
			return fmt.Errorf("sim: write %s, row %+v: %w", r.Table(), r, money.ErrOverflow)
		}
		if key := (windowKey{w.s, r.Window, r.Dimensions}); hours == nil || key != last {
			if m.hours[key] == nil {
				m.hours[key] = map[event.Time]hour{}
			}
			last, hours = key, m.hours[key]
		}
		old, ok := hours[r.AsOf]
		fresh := hour{r.Totals, r.Version, m.flushes}
		switch {
		case ok && old.flush == m.flushes:
			w.t.Conflicts = append(w.t.Conflicts, fmt.Sprintf("%s %+v at %d: twice in one flush, the second time version %d", r.Table(), last, r.AsOf, r.Version))
		case ok && old.version == r.Version && old.totals != r.Totals:
			w.t.Conflicts = append(w.t.Conflicts, fmt.Sprintf("%s: was %+v, is %+v", r.Table(), last.row(r.AsOf, old), r))
		}
		if ok && old.version >= r.Version {
			fresh.totals, fresh.version = old.totals, old.version
		}
		hours[r.AsOf] = fresh
	}
	return nil
}

// all are the rows.
func (m *windows) all() iter.Seq[rows.RollingRevenue] {
	return func(yield func(rows.RollingRevenue) bool) {
		for key, hours := range m.hours {
			for asOf, h := range hours {
				if !yield(key.row(asOf, h)) {
					return
				}
			}
		}
	}
}

func (m *windows) name() string { return rows.RollingRevenue{}.Table() }

// differ is Diff of this table.
func (m *windows) differ(other kept) string {
	o := other.(*windows)
	if s := m.beside(o, "left", "right"); s != "" {
		return s
	}
	return o.beside(m, "right", "left")
}

// beside names a row that the other does not have so, "" if there is none.
func (m *windows) beside(other *windows, here, there string) string {
	for key, hours := range m.hours {
		others := other.hours[key]
		for asOf, h := range hours {
			o, ok := others[asOf]
			switch {
			case !ok:
				return fmt.Sprintf("%s only on the %s: %+v", m.name(), here, key.row(asOf, h))
			case h.version != o.version || h.totals != o.totals:
				return fmt.Sprintf("%s %s %+v; %s %+v", m.name(), here, key.row(asOf, h), there, key.row(asOf, o))
			}
		}
	}
	return ""
}
