package oracle

import (
	"math/big"
	"time"
)

// accountDaily is the usage of each account, line and currency on every day that has
// ended.
func (w *world) accountDaily() []string {
	var rows []string
	days := groups(w.where((*fact).isUsage), func(f *fact) string {
		return row(f.account, f.lineCurrency(), time.UnixMicro(f.time).UTC().Format(time.DateOnly))
	})
	for key, facts := range days {
		start := facts[0].time / day * day
		if start+day > w.usagePassed {
			continue
		}
		revenue, oneOff, cost, events := new(big.Int), new(big.Int), new(big.Int), int64(0)
		for _, f := range facts {
			revenue.Add(revenue, f.revenue)
			cost.Add(cost, f.cost)
			if f.oneOff {
				oneOff.Add(oneOff, f.revenue)
			}
			if f.kind == "usage.recorded" {
				events++
			}
		}
		rows = append(rows, row(key, text(revenue), text(oneOff), text(cost), itoa(events)))
	}
	return rows
}
