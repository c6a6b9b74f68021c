package store

import (
	"context"
	"fmt"

	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/stream"
)

// Day is a topic's part of the ARR of a line and currency as of a midnight.
type Day struct {
	AsOf           event.Time
	Line, Currency string
	Amount         money.Amount
}

// Daily is what an epoch of a topic gives to ARR as of every midnight up to a boundary
// that its clocks have passed: the closing of its part of net_new_arr, which is that of
// arr by the epoch's own definition.
func (s *Store) Daily(ctx context.Context, topic stream.Topic, epoch uint32, asOf event.Time) (all []Day, err error) {
	op := fmt.Sprintf("read the ARR by day of epoch %d of %s", epoch, topic)
	err = s.query(ctx, op, func(scan func(...any) error) error {
		var d Day
		var seconds int64
		var amount string
		if err := scan(&seconds, &d.Line, &d.Currency, &amount); err != nil {
			return err
		}
		d.AsOf = event.Time(seconds) * event.Second
		var err error
		d.Amount, err = money.Parse(amount)
		all = append(all, d)
		return err
	}, s.overShards(ctx, `SELECT toInt64(toUnixTimestamp(as_of)), line, currency, toString(sum(closing)) FROM `+s.database.Of("net_new_arr_versions")+` FINAL
WHERE topic = ? AND epoch = ? AND accounts > 0 AND as_of <= toDateTime(?, 'UTC') GROUP BY as_of, line, currency ORDER BY as_of, line, currency`),
		topic.String(), epoch, int64(asOf/event.Second))
	return all, err
}
