package verify

import (
	"context"
	"slices"

	"runrate/schemas/definitions"
)

// pane is an hour of one set of dimensions.
type pane struct {
	hour hour
	totals
}

// series is the panes of one set of dimensions, in ascending order, and a
// window that slides over them: it holds panes[out:in].
type series struct {
	dimensions
	panes   []pane
	in, out int
	sum     totals
}

// slide moves the window on to [at-length, at) and says whether it holds a
// pane.
func (s *series) slide(x *exact, at, length hour) bool {
	for ; s.in < len(s.panes) && s.panes[s.in].hour < at; s.in++ {
		p := s.panes[s.in].totals
		s.sum = totals{x.add(s.sum.revenue, p.revenue), x.add(s.sum.cost, p.cost), s.sum.events + p.events}
	}
	for ; s.out < s.in && s.panes[s.out].hour < at-length; s.out++ {
		p := s.panes[s.out].totals
		s.sum = totals{x.sub(s.sum.revenue, p.revenue), x.sub(s.sum.cost, p.cost), s.sum.events - p.events}
	}
	return s.out < s.in
}

// over says that the window has left the last pane behind.
func (s *series) over() bool { return s.out == len(s.panes) }

func (s *series) rewind() { s.in, s.out, s.sum = 0, 0, totals{} }

// checkWindows derives every window from the panes, one window after the other.
// The panes are held in memory, 56 bytes each; the windows, which are many
// times as many, are not.
func checkWindows(ctx context.Context, r *reader, s *state, d *Differences) error {
	all, err := readSeries(ctx, r)
	if err != nil {
		return err
	}
	names := ""
	for _, w := range definitions.Rolling {
		if err := checkWindow(ctx, r, s, d, w, all); err != nil {
			return err
		}
		names += "'" + w.Name + "', "
	}
	other, err := openWindow(ctx, r, s, "window NOT IN ("+names+"'')", "some other window, as_of")
	if err != nil {
		return err
	}
	return match(empty[usageKey, totals]{}, other, d)
}

// readSeries reads all panes, in the order of dimensions.
func readSeries(ctx context.Context, r *reader) ([]*series, error) {
	panes, err := openPanes(ctx, r)
	if err != nil {
		return nil, err
	}
	return seriesOf(panes)
}

// seriesOf collects panes, ordered by hour, into series in the order of dimensions.
func seriesOf(panes *cursor[usageKey, totals]) ([]*series, error) {
	by := map[dimensions]*series{}
	var all []*series
	err := panes.each(func(k *usageKey, v *totals) error {
		one := by[k.dimensions]
		if one == nil {
			one = &series{dimensions: k.dimensions}
			by[k.dimensions] = one
			all = append(all, one)
		}
		one.panes = append(one.panes, pane{hour(k.at / 3600), *v})
		return nil
	})
	slices.SortFunc(all, func(a, b *series) int { return a.dimensions.Compare(b.dimensions) })
	return all, err
}

func openWindow(ctx context.Context, r *reader, s *state, which, label string) (*cursor[usageKey, totals], error) {
	return open(ctx, r, usageRows(label), `
SELECT `+dimensionColumns+`, toUnixTimestamp(as_of), `+decimals("revenue", "cost")+`, events
FROM DB.rolling_revenue WHERE $which AND as_of <= toDateTime($passed, 'UTC') ORDER BY as_of, `+dimensionColumns,
		"$which", which, "$passed", s.usage.passed.seconds())
}

// checkWindow slides one window over all series, hour by hour.
func checkWindow(ctx context.Context, r *reader, s *state, d *Differences, w definitions.Window, all []*series) error {
	key := usageKey{label: "window " + w.Name + ", as_of"}
	found, err := openWindow(ctx, r, s, "window = '"+w.Name+"'", key.label)
	if err != nil {
		return err
	}
	return expectWindows(newMatcher(found, d), s, w, all, key, func(totals) bool { return true })
}

// expectWindows slides a window over all series, hour by hour up to the last that is passed. It
// expects a row by key wherever the window holds a pane and its sum is to be shown.
func expectWindows(m *matcher[usageKey, totals], s *state, w definitions.Window, all []*series, key usageKey, shown func(totals) bool) error {
	x := &exact{}
	at := s.usage.passed
	for _, one := range all {
		one.rewind()
		at = min(at, one.panes[0].hour)
	}
	for left := all; len(left) > 0 && at < s.usage.passed; {
		at++
		key.at = at.seconds()
		over := 0
		for _, one := range left {
			switch holds := one.slide(x, at, hour(w.Hours)); {
			case holds && shown(one.sum):
				key.dimensions = one.dimensions
				if err := m.expect(&key, &one.sum); err != nil {
					return err
				}
			case !holds && one.over():
				over++
			}
		}
		if over > len(left)/2 {
			left = slices.DeleteFunc(slices.Clone(left), (*series).over)
		}
	}
	if err := m.finish(); err != nil {
		return err
	}
	return x.err()
}
