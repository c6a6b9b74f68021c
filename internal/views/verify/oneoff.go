package verify

import (
	"context"

	"runrate/schemas/definitions"
)

// What one-off adjustments add up to stands in the tables of panes and windows, and in no view
// of its own: arr is what is left of a window without them. A sum of 0 is as good as none.

// onceRows is the places of the columns dimensions, time and one_off; it is told as revenue.
func onceRows(label string) func(*usageKey, *totals) []any {
	return func(k *usageKey, v *totals) []any {
		k.label = label
		return append(k.dimensions.into(), &k.at, &v.revenue)
	}
}

// checkOneOffPanes adds the one-off adjustments up by hour.
func checkOneOffPanes(ctx context.Context, r *reader, s *state, d *Differences) error {
	expected, err := open(ctx, r, onceRows("one-off adjustments of hour"), `
SELECT `+dimensionColumns+`, toUInt32(intDiv(toUnixTimestamp(time), 3600) * 3600) AS h, `+decimals("sum(revenue)")+`
FROM DB.usage_events WHERE one_off GROUP BY `+dimensionColumns+`, h HAVING sum(revenue) != 0 ORDER BY h, `+dimensionColumns)
	if err != nil {
		return err
	}
	found, err := openOneOffPanes(ctx, r, s)
	if err != nil {
		return err
	}
	return match(expected, found, d)
}

func openOneOffPanes(ctx context.Context, r *reader, s *state) (*cursor[usageKey, totals], error) {
	return open(ctx, r, onceRows("one-off adjustments of hour"), `
SELECT `+dimensionColumns+`, toUnixTimestamp(hour) AS h, `+decimals("sum(one_off)")+`
FROM DB.usage_hour_versions FINAL WHERE epoch = $epoch AND one_off != 0 GROUP BY `+dimensionColumns+`, h HAVING sum(one_off) != 0 ORDER BY h, `+dimensionColumns,
		"$epoch", s.usage.epoch)
}

// checkOneOffWindows derives each window's from the panes'. Such adjustments are few: all
// windows of them are held at once.
func checkOneOffWindows(ctx context.Context, r *reader, s *state, d *Differences) error {
	panes, err := openOneOffPanes(ctx, r, s)
	if err != nil {
		return err
	}
	all, err := seriesOf(panes)
	if err != nil {
		return err
	}
	for _, w := range definitions.Rolling {
		if err := checkOneOffWindow(ctx, r, s, d, w, all); err != nil {
			return err
		}
	}
	return nil
}

func checkOneOffWindow(ctx context.Context, r *reader, s *state, d *Differences, w definitions.Window, all []*series) error {
	key := usageKey{label: "one-off adjustments of window " + w.Name + ", as_of"}
	found, err := open(ctx, r, onceRows(key.label), `
SELECT `+dimensionColumns+`, toUnixTimestamp(as_of) AS t, `+decimals("sum(one_off)")+`
FROM DB.rolling_revenue_versions FINAL WHERE epoch = $epoch AND window = '$window' AND one_off != 0 AND as_of <= toDateTime($passed, 'UTC')
GROUP BY `+dimensionColumns+`, t HAVING sum(one_off) != 0 ORDER BY t, `+dimensionColumns,
		"$epoch", s.usage.epoch, "$window", w.Name, "$passed", s.usage.passed.seconds())
	if err != nil {
		return err
	}
	return expectWindows(newMatcher(found, d), s, w, all, key, func(t totals) bool { return t.revenue.Sign() != 0 })
}
