package verify

import (
	"cmp"
	"fmt"
	"strings"
)

// dimensions are the columns by which usage revenue is kept, and in that order
// what its rows are sorted by here.
type dimensions struct{ line, product, segment, region, currency string }

const dimensionColumns = "line, product, segment, region, currency"

func (d *dimensions) into() []any {
	return []any{&d.line, &d.product, &d.segment, &d.region, &d.currency}
}

// Compare orders by column.
func (d dimensions) Compare(e dimensions) int {
	if c := cmp.Or(strings.Compare(d.line, e.line), strings.Compare(d.product, e.product)); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(d.segment, e.segment), strings.Compare(d.region, e.region), strings.Compare(d.currency, e.currency))
}

// String is the columns as SQL would write them.
func (d dimensions) String() string {
	return fmt.Sprintf("line %s, product %s, segment %s, region %s, currency %s",
		quote(d.line), quote(d.product), quote(d.segment), quote(d.region), d.currency)
}

// quote is a string literal of SQL.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// usageKey is a row of usage_hourly or, of one window, of rolling_revenue.
type usageKey struct {
	dimensions
	at    uint32 // seconds since 1970: the hour, or as_of
	label string // for messages
}

// Compare orders by time, then dimensions: as the tables are sorted.
func (k usageKey) Compare(l usageKey) int {
	if c := cmp.Compare(k.at, l.at); c != 0 {
		return c
	}
	return k.dimensions.Compare(l.dimensions)
}

// String names the row.
func (k usageKey) String() string {
	return fmt.Sprintf("%s %s, %s", k.label, instant(k.at), k.dimensions)
}

// totals are what a pane or a window adds up.
type totals struct {
	revenue, cost amount
	events        uint64
}

// String names them.
func (t totals) String() string {
	return fmt.Sprintf("revenue %s, cost %s, events %d", t.revenue, t.cost, t.events)
}

// usageRows is the places of the columns dimensions, time, revenue, cost, events.
func usageRows(label string) func(*usageKey, *totals) []any {
	return func(k *usageKey, v *totals) []any {
		k.label = label
		return append(k.dimensions.into(), &k.at, &v.revenue, &v.cost, &v.events)
	}
}
