package verify

import "context"

// window is a length with its name in rolling_revenue.
type window struct {
	name  string
	hours hour
}

var windows = []window{{"1h", 1}, {"24h", 24}, {"7d", 7 * 24}, {"28d", 28 * 24}, {"30d", 30 * 24}, {"90d", 90 * 24}, {"365d", 365 * 24}}

// pane is an hour of one set of dimensions.
type pane struct {
	hour hour
	totals
}

// slide yields a window's totals at every boundary up to gate at which it holds
// a pane. Panes are in ascending order.
func (w window) slide(x *exact, panes []pane, gate hour, yield func(hour, totals) error) error {
	var sum totals
	in, out := 0, 0 // panes[out:in] are in the window
	for at := hour(0); ; at++ {
		if in == out { // empty until the next pane ends
			if in == len(panes) {
				return nil
			}
			at = panes[in].hour + 1
		}
		if at > gate {
			return nil
		}
		for ; in < len(panes) && panes[in].hour < at; in++ {
			p := panes[in].totals
			sum = totals{x.add(sum.revenue, p.revenue), x.add(sum.cost, p.cost), sum.events + p.events}
		}
		for ; out < in && panes[out].hour < at-w.hours; out++ {
			p := panes[out].totals
			sum = totals{x.sub(sum.revenue, p.revenue), x.sub(sum.cost, p.cost), sum.events - p.events}
		}
		if in == out {
			continue
		}
		if err := yield(at, sum); err != nil {
			return err
		}
	}
}

// checkWindows derives every window from the panes, one window after the other.
// It holds the panes of one set of dimensions at a time.
func checkWindows(ctx context.Context, r *reader, s *state, d *Differences) error {
	names := ""
	for _, w := range windows {
		if err := checkWindow(ctx, r, s, d, w); err != nil {
			return err
		}
		names += "'" + w.name + "', "
	}
	other, err := openWindow(ctx, r, s, "window NOT IN ("+names+"'')", "some other window, as_of")
	if err != nil {
		return err
	}
	return match(empty[usageKey, totals]{}, other, d)
}

func openWindow(ctx context.Context, r *reader, s *state, which, label string) (*cursor[usageKey, totals], error) {
	return open(ctx, r, usageRows(label), `
SELECT `+dimensionColumns+`, toUnixTimestamp(as_of) AS t, `+decimals("revenue", "cost")+`, events
FROM DB.rolling_revenue WHERE $which AND as_of <= toDateTime($gate, 'UTC') ORDER BY `+dimensionColumns+`, t`, "$which", which, "$gate", s.usage.gate.seconds())
}

func checkWindow(ctx context.Context, r *reader, s *state, d *Differences, w window) error {
	label := "window " + w.name + ", as_of"
	found, err := openWindow(ctx, r, s, "window = '"+w.name+"'", label)
	if err != nil {
		return err
	}
	source, err := openPanes(ctx, r)
	if err != nil {
		return err
	}
	m := newMatcher(found, d)
	x := &exact{}
	key := usageKey{label: label}
	var panes []pane
	expect := func() error {
		return w.slide(x, panes, s.usage.gate, func(at hour, t totals) error {
			key.at = at.seconds()
			return m.expect(&key, &t)
		})
	}
	err = source.each(func(k *usageKey, v *totals) error {
		if len(panes) > 0 && k.dimensions != key.dimensions {
			if err := expect(); err != nil {
				return err
			}
			panes = panes[:0]
		}
		key.dimensions = k.dimensions
		panes = append(panes, pane{hour(k.at / 3600), *v})
		return nil
	})
	if err == nil {
		err = expect()
	}
	if err == nil {
		err = m.finish()
	}
	if err == nil {
		err = x.err()
	}
	return err
}
