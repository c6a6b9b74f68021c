package consume

import (
	"cmp"
	"context"
	"slices"

	"runrate/consumers/store"
	"runrate/internal/event"
	"runrate/internal/money"
)

// ComparedDay is a topic's part of ARR as of a midnight under both epochs, which differ.
type ComparedDay struct {
	AsOf           event.Time
	Line, Currency string
	Before, After  money.Amount
}

// days are the midnights up to a boundary, by line and currency, as of which two epochs
// show different ARR; the oldest first.
func (r rebuild) days(ctx context.Context, shown, e epoch, asOf event.Time) ([]ComparedDay, error) {
	before, err := r.Store.Daily(ctx, shown.Topic, shown.Epoch, asOf)
	if err != nil {
		return nil, err
	}
	after, err := r.Store.Daily(ctx, e.Topic, e.Epoch, asOf)
	return apart(before, after), err
}

// apart joins what is of the same midnight, line and currency, and keeps what differs.
// One that is missing is 0.
func apart(before, after []store.Day) (all []ComparedDay) {
	type key struct {
		asOf           event.Time
		line, currency string
	}
	joined := map[key]ComparedDay{}
	for i, d := range append(slices.Clip(before), after...) {
		k := key{d.AsOf, d.Line, d.Currency}
		c := joined[k]
		c.AsOf, c.Line, c.Currency = d.AsOf, d.Line, d.Currency
		if i < len(before) {
			c.Before = d.Amount
		} else {
			c.After = d.Amount
		}
		joined[k] = c
	}
	for _, c := range joined {
		if c.Before != c.After {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b ComparedDay) int {
		return cmp.Or(cmp.Compare(a.AsOf, b.AsOf), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Currency, b.Currency))
	})
	return all
}
