package store

import (
	"context"
	"fmt"

	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

// Total is what the rows of an epoch of a topic come to: an amount of one line and
// currency in a view, or (with no currency) a count.
type Total struct {
	View, Line, Currency string
	Amount               money.Amount
}

// Totals are the sums of an epoch's rows as of a boundary that its clocks have passed,
// in the order of views, lines and currencies.
func (s *Store) Totals(ctx context.Context, topic stream.Topic, epoch uint32, d definitions.ARR, asOf event.Time) (all []Total, err error) {
	seconds := int64(asOf / event.Second)
	queries := stream.ByKind(
		[]string{
			fmt.Sprintf("SELECT 'usage_events', line, currency, toString(sum(revenue)) FROM %s FINAL WHERE epoch = %d GROUP BY line, currency", s.database.Of("usage_event_versions"), epoch),
			fmt.Sprintf("SELECT 'rolling_revenue', line, currency, toString(sum(revenue)) FROM %s FINAL WHERE epoch = %d AND `window` = '%s' AND as_of = toDateTime(%d, 'UTC') GROUP BY line, currency",
				s.database.Of("rolling_revenue_versions"), epoch, d.Window(), seconds),
			fmt.Sprintf("SELECT 'arr', line, currency, toString(sum((revenue - one_off) * %d)) FROM %s FINAL WHERE epoch = %d AND `window` = '%s' AND as_of = toDateTime(%d, 'UTC') GROUP BY line, currency",
				d.Multiplier, s.database.Of("rolling_revenue_versions"), epoch, d.Window(), seconds),
		},
		[]string{
			fmt.Sprintf("SELECT 'mrr', line, currency, toString(sum(mrr)) FROM %s FINAL WHERE epoch = %d AND mrr > 0 AND as_of = toDateTime(%d, 'UTC') GROUP BY line, currency",
				s.database.Of("mrr_versions"), epoch, seconds),
			fmt.Sprintf("SELECT 'arr', line, currency, toString(sum(mrr * 12)) FROM %s FINAL WHERE epoch = %d AND mrr > 0 AND as_of = toDateTime(%d, 'UTC') GROUP BY line, currency",
				s.database.Of("mrr_versions"), epoch, seconds),
		},
	).Of(topic.Kind())
	for _, query := range queries {
		err := s.query(ctx, fmt.Sprintf("add up epoch %d of %s", epoch, topic), func(scan func(...any) error) error {
			var t Total
			var amount string
			if err := scan(&t.View, &t.Line, &t.Currency, &amount); err != nil {
				return err
			}
			var err error
			t.Amount, err = money.Parse(amount)
			all = append(all, t)
			return err
		}, s.overShards(ctx, query+" ORDER BY line, currency"))
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
