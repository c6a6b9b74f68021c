package oracle

import (
	"maps"
	"math/big"
	"slices"
)

// AskedByTwo is the view that AsKnown computes.
const AskedByTwo = "arr_as_known"

// knownBy is the facts that were folded before a partition's clock passed an instant.
func knownBy(facts []*fact, instant int64) []*fact {
	var known []*fact
	for _, f := range facts {
		if f.clock < instant {
			known = append(known, f)
		}
	}
	return known
}

// AsKnown is arr_as_known, asked for by two midnights: for each line and currency that has
// ARR as of the first, or had by what was known then, ARR by the facts known by the second.
func AsKnown(log Log, partitions int32, opts Options) func(asOf, knownOn int64) []string {
	w, _ := read(log, partitions, opts)
	pairs, usage, changes := w.lineFacts()
	return func(asOf, knownOn int64) []string {
		var out []string
		for _, pair := range pairs {
			then := w.arrAt(knownBy(usage[pair], knownOn), knownBy(changes[pair], knownOn), pair, asOf)
			if w.arrAt(usage[pair], changes[pair], pair, asOf).exists || then.usage.Sign() != 0 || then.subscription.Sign() != 0 {
				out = append(out, row(pair, text(then.usage), text(then.subscription), text(then.total())))
			}
		}
		slices.Sort(out)
		return out
	}
}

// restatements compares, for each midnight and each day of the clock from it on, what was
// known when the day began with what was known when it ended.
func (w *world) restatements() []string {
	var out []string
	pairs, usage, changes := w.lineFacts()
	for _, pair := range pairs {
		days := map[int64]bool{} // of the clock, on which anything late was folded
		first := endOfTime
		for _, f := range slices.Concat(usage[pair], changes[pair]) {
			first = min(first, f.time/day*day+day)
			if f.clock != noClock && f.clock/day*day > f.time {
				days[f.clock/day*day] = true
			}
		}
		for _, knownOn := range slices.Sorted(maps.Keys(days)) {
			at := func(asOf, known int64) *big.Int {
				return w.arrAt(knownBy(usage[pair], known), knownBy(changes[pair], known), pair, asOf).total()
			}
			for asOf := max(first, knownOn-36*day); asOf <= min(knownOn, w.bothPassed()); asOf += day {
				if w.opts.AsOf != nil && !w.opts.AsOf(asOf) {
					continue
				}
				if before, after := at(asOf, knownOn), at(asOf, knownOn+day); before.Cmp(after) != 0 {
					out = append(out, row(w.stamp(asOf), pair, w.stamp(knownOn), text(before), text(after)))
				}
			}
		}
	}
	return out
}
