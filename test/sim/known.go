package sim

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

// worth is what a late amount adds to ARR as of a midnight, nothing where it does not
// count.
func worth(k lateKey, r rows.Late, asOf event.Time, multiplier int64) (usage, subscription money.Amount) {
	window := event.Time(definitions.DefaultARR.WindowDays) * event.Day
	switch {
	case k.day >= asOf:
	case k.source.Topic.Kind() == stream.Subscriptions:
		subscription = times(r.Amount, 12)
	case k.day >= asOf-window:
		usage = times(r.Amount, multiplier)
	}
	return usage, subscription
}

// restatements are what late events changed, by midnight, and day of the clock.
func (v *views) restatements(multiplier int64) {
	changes := map[string]map[event.Time]money.Amount{} // by as_of, line and currency, then by the day
	passed := min(v.usage, v.subscriptions)
	for k, r := range v.t.late {
		for asOf := k.day + event.Day; asOf <= min(k.folded, passed); asOf += event.Day {
			if !v.keep(asOf) {
				continue
			}
			key := strings.Join([]string{seconds(asOf), k.line, k.currency}, "\t")
			if changes[key] == nil {
				changes[key] = map[event.Time]money.Amount{}
			}
			usage, subscription := worth(k, r, asOf, multiplier)
			changes[key][k.folded] = plus(changes[key][k.folded], plus(usage, subscription))
		}
	}
	for key, by := range changes {
		known := money.Amount{}
		if s := v.arrs[key]; s != nil {
			known = plus(s.a, s.b)
		}
		days := slices.SortedFunc(maps.Keys(by), func(a, b event.Time) int { return cmp.Compare(b, a) })
		for _, folded := range days {
			before := plus(known, by[folded].Neg())
			if by[folded].Sign() != 0 {
				v.add("restatements", key, seconds(folded), decimal(before), decimal(known))
			}
			known = before
		}
	}
}

// AsKnown is arr_as_known, of rows as package oracle has them, if keep was nil or had asOf.
func (t *Tables) AsKnown(partitions int32, multiplier int64, asOf, knownOn event.Time) []string {
	v := t.views(partitions, func(at event.Time) bool { return at == asOf })
	t.mu.Lock()
	defer t.mu.Unlock()
	v.arr(multiplier)
	all, shown := map[string]*sums{}, map[string]bool{}
	for key, s := range v.arrs {
		_, pair, _ := strings.Cut(key, "\t")
		*at(all, pair), shown[pair] = *s, true
	}
	for k, r := range t.late {
		if k.folded >= knownOn {
			usage, subscription := worth(k, r, asOf, multiplier)
			s := at(all, k.line+"\t"+k.currency)
			s.a, s.b = plus(s.a, usage.Neg()), plus(s.b, subscription.Neg())
		}
	}
	var out []string
	for pair, s := range all {
		if shown[pair] || !s.a.IsZero() || !s.b.IsZero() {
			out = append(out, strings.Join([]string{pair, decimal(s.a), decimal(s.b), decimal(plus(s.a, s.b))}, "\t"))
		}
	}
	slices.Sort(out)
	return out
}
