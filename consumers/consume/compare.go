package consume

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"runrate/consumers/store"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/retry"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// Comparison is what a rebuild would change.
type Comparison struct {
	Shown, New uint32 // epochs
	// AsOf is the last boundary that all clocks of both have passed; 0 if there is
	// none, and then nothing is compared as of it.
	AsOf   event.Time
	Totals []Compared    // in the order of views, lines and currencies
	Counts []Compared    // of accounting
	Days   []ComparedDay // as of which midnights ARR differs, the oldest first
}

// Compared is one total under both epochs.
type Compared struct {
	View, Line, Currency string // or of a count its name, as View
	Before, After        money.Amount
}

// Compare folds a topic as Rebuild does, and returns what would change, but does not
// switch to it: the views show what they did. The epoch is abandoned.
func Compare(ctx context.Context, topic stream.Topic, reason string, change Change, o Options) (c Comparison, err error) {
	l, ctx, err := o.lock(ctx, topic.Kind())
	if err == nil {
		r := rebuild{lock: l, reason: reason, logger: o.Logger.With(zap.Stringer("topic", topic))}
		if r.Options, err = o.named(ctx); err == nil {
			c, err = r.compare(ctx, topic, change)
		}
		err = errors.Join(err, l.release())
	}
	if err != nil {
		return c, fmt.Errorf("rebuild %s, to compare: %w", topic, err)
	}
	return c, nil
}

func (r rebuild) compare(ctx context.Context, topic stream.Topic, change Change) (c Comparison, err error) {
	e, err := r.open(ctx, topic, change)
	if err != nil {
		return c, err
	}
	if _, err := r.catchUp(ctx, e); err != nil {
		return c, err
	}
	err = retry.Steady.Do(ctx, r.logger, "compare", func(ctx context.Context) (err error) {
		c, err = r.compared(ctx, e)
		return err
	})
	if err != nil {
		return c, err
	}
	return c, r.Store.AbandonEpochs(ctx, topic, c.Shown, e.Epoch+1)
}

// compared holds an epoch that has caught up against the one that is shown.
func (r rebuild) compared(ctx context.Context, e epoch) (c Comparison, err error) {
	shown, err := r.current(ctx, e.Topic)
	if err != nil {
		return c, err
	}
	c.Shown, c.New = shown.Epoch, e.Epoch
	before, err := r.Store.Progress(ctx, shown.Epoch, e.Topic)
	if err != nil {
		return c, err
	}
	after, err := r.Store.Progress(ctx, e.Epoch, e.Topic)
	if err != nil {
		return c, err
	}
	c.Counts = counts(sum(before), sum(after))
	c.AsOf = min(passed(before, shown.Partitions), passed(after, e.Partitions))
	old, err := r.Store.Totals(ctx, e.Topic, shown.Epoch, shown.definitions.ARR, c.AsOf)
	if err != nil {
		return c, err
	}
	now, err := r.Store.Totals(ctx, e.Topic, e.Epoch, e.definitions.ARR, c.AsOf)
	if err != nil {
		return c, err
	}
	c.Totals = beside(old, now)
	c.Days, err = r.days(ctx, shown, e, c.AsOf)
	return c, err
}

// passed is the last boundary that the clocks of all partitions have passed, 0 if one
// has none.
func passed(progress map[int32]rows.Progress, partitions int32) event.Time {
	clock := event.MaxTime
	for p := range partitions {
		if !progress[p].Ticked {
			return 0
		}
		clock = min(clock, progress[p].Clock)
	}
	return calendar.HourOf(clock).Start()
}

// sum adds up the accounting of all partitions.
func sum(progress map[int32]rows.Progress) (all rows.Progress) {
	for _, p := range progress {
		all.Accepted += p.Accepted
		all.Duplicate += p.Duplicate
		all.Refused += p.Refused
		all.Control += p.Control
		all.Skipped += p.Skipped
		all.Lost += p.Lost
	}
	return all
}

func counts(before, after rows.Progress) (all []Compared) {
	for _, c := range []struct {
		name          string
		before, after int64
	}{
		{"accepted", before.Accepted, after.Accepted}, {"duplicate", before.Duplicate, after.Duplicate}, {"refused", before.Refused, after.Refused},
		{"control", before.Control, after.Control}, {"skipped", before.Skipped, after.Skipped}, {"lost", before.Lost, after.Lost},
	} {
		all = append(all, Compared{View: c.name, Before: money.FromInt(c.before), After: money.FromInt(c.after)})
	}
	return all
}

// beside joins totals by view, line and currency. One that is missing is 0.
func beside(before, after []store.Total) (all []Compared) {
	at := func(t store.Total) *Compared {
		key := Compared{View: t.View, Line: t.Line, Currency: t.Currency}
		i := slices.IndexFunc(all, func(c Compared) bool {
			return c.View == key.View && c.Line == key.Line && c.Currency == key.Currency
		})
		if i < 0 {
			all, i = append(all, key), len(all)
		}
		return &all[i]
	}
	for _, t := range before {
		at(t).Before = t.Amount
	}
	for _, t := range after {
		at(t).After = t.Amount
	}
	slices.SortStableFunc(all, func(a, b Compared) int {
		return cmp.Or(cmp.Compare(a.View, b.View), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Currency, b.Currency))
	})
	return all
}
