package sim

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// Write is store.Store's Write. Epochs are not told apart.
func (t *Tables) Write(_ context.Context, _ uint32, c rows.Changes) error {
	for _, table := range rows.Tables() {
		if err := t.write(table, &c); err != nil {
			return err
		}
	}
	return nil
}

// write is Write of one table.
func (t *Tables) write(table rows.Table, c *rows.Changes) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return table.Write(c, writer{t, c.Source})
}

// writer puts the rows of a source under their keys.
type writer struct {
	t *Tables
	s stream.Source
}

func putAll[K comparable, R rows.Row](w writer, m *table[K, R], all iter.Seq[R], key func(R) K) error {
	flushed := map[K]struct{}{}
	for r := range all {
		if !r.InRange() {
			return fmt.Errorf("sim: write %s, row %+v: %w", r.Table(), r, money.ErrOverflow)
		}
		k := key(r)
		if _, twice := flushed[k]; twice {
			w.t.Conflicts = append(w.t.Conflicts, fmt.Sprintf("%s %+v: twice in one flush, the second time version %d", r.Table(), k, r.At()))
		}
		flushed[k] = struct{}{}
		put(w.t, m, k, r)
	}
	return nil
}

// UsageEvents puts the accepted usage events, and remembers their identities, which
// they must have.
func (w writer) UsageEvents(all iter.Seq[rows.UsageEvent]) error {
	kept := func(yield func(rows.UsageEvent) bool) {
		for r := range all {
			r.Quantities = slices.Clone(r.Quantities) // the fold uses its memory again
			if !yield(r) {
				return
			}
		}
	}
	return putAll(w, &w.t.events, kept, func(r rows.UsageEvent) eventKey {
		identity := w.remember(event.Event{Account: r.Account, Time: r.Time, Source: r.Source, ID: r.ID}, r.Version)
		if identity != r.Identity {
			w.t.Conflicts = append(w.t.Conflicts, fmt.Sprintf("%s %+v: the identity is %x", r.Table(), r, identity))
		}
		return eventKey{w.s, r.Account, r.Time, r.Source, r.ID}
	})
}

// UsagePanes puts the panes.
func (w writer) UsagePanes(all iter.Seq[rows.UsagePane]) error {
	return putAll(w, &w.t.panes, all, func(r rows.UsagePane) paneKey { return paneKey{w.s, r.Hour, r.Dimensions} })
}

// Rolling puts the rows of all windows.
func (w writer) Rolling(all iter.Seq[rows.RollingRevenue]) error {
	return w.t.rolling.put(w, all)
}

// ActiveAccounts puts the counts of active accounts.
func (w writer) ActiveAccounts(all iter.Seq[rows.ActiveAccounts]) error {
	return putAll(w, &w.t.active, all, func(r rows.ActiveAccounts) activeKey { return activeKey{w.s, r.AsOf, r.Window, r.Line} })
}

// AccountDays puts what accounts did by day.
func (w writer) AccountDays(all iter.Seq[rows.AccountDay]) error {
	return putAll(w, &w.t.days, all, func(r rows.AccountDay) dayKey { return dayKey{w.s, r.Account, r.Line, r.Currency, r.Day} })
}

// Firsts puts since when accounts have ARR.
func (w writer) Firsts(all iter.Seq[rows.First]) error {
	return putAll(w, &w.t.firsts, all, func(r rows.First) firstKey { return firstKey{w.s, r.Account, r.Line, r.Currency} })
}

// SubscriptionChanges puts the accepted subscription changes, and remembers their identities.
func (w writer) SubscriptionChanges(all iter.Seq[rows.SubscriptionChange]) error {
	return putAll(w, &w.t.changes, all, func(r rows.SubscriptionChange) eventKey {
		w.remember(event.Event{Account: r.Account, Time: r.Time, Source: r.Source, ID: r.ID}, r.Version)
		return eventKey{w.s, r.Account, r.Time, r.Source, r.ID}
	})
}

// Subscriptions puts the subscriptions as they are in force.
func (w writer) Subscriptions(all iter.Seq[rows.Subscription]) error {
	return putAll(w, &w.t.subs, all, func(r rows.Subscription) subKey { return subKey{w.s, r.Account, r.Subscription} })
}

// Movements puts the movements, those that were taken back among them.
func (w writer) Movements(all iter.Seq[rows.Movement]) error {
	return putAll(w, &w.t.movements, all, func(r rows.Movement) movementKey {
		return movementKey{w.s, r.Account, r.Line, r.Currency, r.Time, r.Change}
	})
}

// MRR puts MRR by the hour.
func (w writer) MRR(all iter.Seq[rows.MRR]) error {
	return putAll(w, &w.t.mrr, all, func(r rows.MRR) mrrKey {
		return mrrKey{w.s, r.AsOf, r.Line, r.Plan, r.Segment, r.Region, r.Currency}
	})
}

// NetNew puts the bridges.
func (w writer) NetNew(all iter.Seq[rows.NetNew]) error {
	return putAll(w, &w.t.netnew, all, func(r rows.NetNew) netnewKey { return netnewKey{w.s, r.AsOf, r.Line, r.Currency} })
}

// Late puts what late events added.
func (w writer) Late(all iter.Seq[rows.Late]) error {
	return putAll(w, &w.t.late, all, func(r rows.Late) lateKey { return lateKey{w.s, r.Line, r.Currency, r.Day, r.Folded} })
}

// DeadLetters puts what was refused.
func (w writer) DeadLetters(all iter.Seq[rows.DeadLetter]) error {
	return putAll(w, &w.t.dead, all, func(r rows.DeadLetter) offsetKey { return offsetKey{w.s, r.Offset} })
}

// Controls puts what came into force.
func (w writer) Controls(all iter.Seq[rows.Control]) error {
	return putAll(w, &w.t.controls, all, func(r rows.Control) controlKey { return controlKey{w.s, r.Kind, r.Offset} })
}

// Progress puts how far the source is.
func (w writer) Progress(all iter.Seq[rows.Progress]) error {
	return putAll(w, &w.t.progress, all, func(rows.Progress) stream.Source { return w.s })
}

// remember keeps an accepted event's identity, for Seen and Recent.
func (w writer) remember(e event.Event, version stream.Offset) [16]byte {
	if w.t.identities == nil {
		w.t.identities = map[stream.Source]map[[16]byte]known{}
	}
	if w.t.identities[w.s] == nil {
		w.t.identities[w.s] = map[[16]byte]known{}
	}
	identity := e.Identity()
	w.t.identities[w.s][identity] = known{e.Time, version}
	return identity
}
