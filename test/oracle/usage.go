package oracle

import (
	"math/big"
	"strconv"
)

// isUsage says whether a fact is a usage or adjustment event.
func (f *fact) isUsage() bool {
	return f.kind == "usage.recorded" || f.kind == "adjustment.recorded"
}

// where is the facts that pass a test.
func (w *world) where(test func(*fact) bool) []*fact {
	var facts []*fact
	for _, f := range w.facts {
		if test(f) {
			facts = append(facts, f)
		}
	}
	return facts
}

// groups is facts by a key made of columns.
func groups[T any](all []T, key func(T) string) map[string][]T {
	m := map[string][]T{}
	for _, f := range all {
		m[key(f)] = append(m[key(f)], f)
	}
	return m
}

func (w *world) usageEvents() []string {
	var rows []string
	for _, f := range w.where((*fact).isUsage) {
		rows = append(rows, row(f.account, eventTime(f.time), f.dimensions(), f.quantityText(),
			text(f.revenue), text(f.cost), f.source, f.id, f.kind, strconv.FormatBool(f.oneOff), f.version))
	}
	return rows
}

// totals is the columns revenue, cost and events of some facts.
func totals(facts []*fact) string {
	revenue, cost, events := new(big.Int), new(big.Int), int64(0)
	for _, f := range facts {
		revenue.Add(revenue, f.revenue)
		cost.Add(cost, f.cost)
		if f.kind == "usage.recorded" {
			events++
		}
	}
	return row(text(revenue), text(cost), itoa(events))
}

func (w *world) usageHourly() []string {
	var rows []string
	panes := groups(w.where((*fact).isUsage), func(f *fact) string {
		return row(w.stamp(f.time/hour*hour), f.dimensions())
	})
	for key, facts := range panes {
		rows = append(rows, row(key, totals(facts)))
	}
	return rows
}
