package verify

import "context"

// checkPanes adds the events up by hour. Both queries begin before either is
// read, so that they see the tables as of about the same instant.
func checkPanes(ctx context.Context, r *reader, s *state, d *Differences) error {
	expected, err := open(ctx, r, usageRows("hour"), `
SELECT `+dimensionColumns+`, toUInt32(intDiv(toUnixTimestamp(time), 3600) * 3600) AS h, `+decimals("sum(revenue)", "sum(cost)")+`, countIf(type = 'usage.recorded')
FROM DB.usage_events GROUP BY `+dimensionColumns+`, h ORDER BY h, `+dimensionColumns)
	if err != nil {
		return err
	}
	found, err := openPanes(ctx, r)
	if err != nil {
		return err
	}
	return match(expected, found, d)
}

// openPanes reads usage_hourly, ordered by hour and dimensions.
func openPanes(ctx context.Context, r *reader) (*cursor[usageKey, totals], error) {
	return open(ctx, r, usageRows("hour"), `
SELECT `+dimensionColumns+`, toUnixTimestamp(hour), `+decimals("revenue", "cost")+`, events
FROM DB.usage_hourly ORDER BY hour, `+dimensionColumns)
}
