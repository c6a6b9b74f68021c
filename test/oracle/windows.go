package oracle

import (
	"slices"
	"strings"
)

// window is a length of time with its name in the views.
type window struct {
	name   string
	length int64
}

var (
	revenueWindows = []window{{"1h", hour}, {"24h", day}, {"7d", 7 * day}, {"28d", 28 * day},
		{"30d", 30 * day}, {"90d", 90 * day}, {"365d", 365 * day}}
	activityWindows = []window{{"1d", day}, {"7d", 7 * day}, {"28d", 28 * day}, {"90d", 90 * day}}
	// forever is the window of what once was said and still holds.
	forever = window{"", endOfTime}
)

// run is the columns after as_of that hold at every boundary from <= T < to.
type run struct {
	from, to int64
	columns  string
}

// within is the facts with time in [T-W, T).
func within(facts []*fact, asOf int64, win window) []*fact {
	var in []*fact
	for _, f := range facts {
		if asOf-win.length <= f.time && f.time < asOf {
			in = append(in, f)
		}
	}
	return in
}

// boundaries are the multiples of grid, up to the instant passed, at which the
// window as of then holds other facts than as of the boundary before; in ascending
// order. A literal world takes every multiple from the first fact on.
func (w *world) boundaries(facts []*fact, win window, grid, passed int64) []int64 {
	seen := map[int64]bool{}
	add := func(t int64) {
		if t <= passed {
			seen[t] = true
		}
	}
	after := func(t int64) int64 { return t/grid*grid + grid }
	for _, f := range facts {
		add(after(f.time))
		add(after(f.time + win.length))
	}
	if w.opts.Literal && len(facts) > 0 {
		first := facts[0].time
		for _, f := range facts {
			first = min(first, f.time)
		}
		for t := after(first); t <= passed; t += grid {
			add(t)
		}
	}
	list := make([]int64, 0, len(seen))
	for t := range seen {
		list = append(list, t)
	}
	slices.Sort(list)
	return list
}

// runs evaluates columns over the facts in the window as of every boundary.
// No columns, no row.
func (w *world) runs(facts []*fact, win window, grid, passed int64, columns func([]*fact) []string) []run {
	var runs []run
	list := w.boundaries(facts, win, grid, passed)
	for i, t := range list {
		end := passed + 1
		if i+1 < len(list) {
			end = list[i+1]
		}
		for _, c := range columns(within(facts, t, win)) {
			runs = append(runs, run{t, end, c})
		}
	}
	return runs
}

// spread writes runs out, one row for each boundary.
func (w *world) spread(runs []run, grid int64) []string {
	if len(runs) == 0 {
		return nil
	}
	slices.SortFunc(runs, func(a, b run) int { return strings.Compare(a.columns, b.columns) })
	first, end := runs[0].from, runs[0].to
	for _, r := range runs {
		first, end = min(first, r.from), max(end, r.to)
	}
	var rows []string
	for t := first; t < end; t += grid {
		if w.opts.AsOf != nil && !w.opts.AsOf(t) {
			continue
		}
		for i := range runs {
			if runs[i].from <= t && t < runs[i].to {
				rows = append(rows, w.stamp(t)+"\t"+runs[i].columns)
			}
		}
	}
	return rows
}

func (w *world) rollingRevenue() []string {
	var runs []run
	for key, facts := range groups(w.where((*fact).isUsage), (*fact).dimensions) {
		for _, win := range revenueWindows {
			runs = append(runs, w.runs(facts, win, hour, w.usagePassed, func(in []*fact) []string {
				if len(in) == 0 {
					return nil
				}
				return []string{row(win.name, key, totals(in))}
			})...)
		}
	}
	return w.spread(runs, hour)
}

func (w *world) activeAccounts() []string {
	usage := w.where(func(f *fact) bool { return f.kind == "usage.recorded" })
	lines := groups(usage, func(f *fact) string { return f.line })
	lines["*"] = usage
	var runs []run
	for line, facts := range lines {
		for _, win := range activityWindows {
			runs = append(runs, w.runs(facts, win, day, w.usagePassed, func(in []*fact) []string {
				if len(in) == 0 {
					return nil
				}
				accounts := groups(in, func(f *fact) string { return f.account })
				return []string{row(win.name, line, itoa(int64(len(accounts))))}
			})...)
		}
	}
	return w.spread(runs, day)
}
