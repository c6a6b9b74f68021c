package store

import (
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

var usageEvents = table[rows.UsageEvent]{
	name: "usage_event_versions",
	columns: []string{"epoch", "partition", "account", "time", "line", "product", "segment", "region", "currency",
		"quantities", "revenue", "cost", "source", "id", "type", "identity", "version"},
	row: func(c *chunk, f *flush, r *rows.UsageEvent) {
		c.uint32(f.epoch)
		c.int32(f.source.Partition)
		c.text(string(r.Account))
		c.micros(r.Time)
		dimensions(c, &r.Dimensions)
		c.quantities(r.Quantities)
		c.money(r.Revenue)
		c.money(r.Cost)
		c.text(r.Source)
		c.text(r.ID)
		c.word(r.Type.String())
		c.identity((&event.Event{Account: r.Account, Source: r.Source, ID: r.ID, Time: r.Time}).Identity())
		c.version(r.Version)
	},
	version: func(r *rows.UsageEvent) stream.Offset { return r.Version },
}

var usagePanes = table[rows.UsagePane]{
	name: "usage_hour_versions",
	columns: []string{"epoch", "partition", "hour", "line", "product", "segment", "region", "currency",
		"revenue", "cost", "events", "version"},
	row: func(c *chunk, f *flush, r *rows.UsagePane) {
		c.uint32(f.epoch)
		c.int32(f.source.Partition)
		c.seconds(r.Hour)
		dimensions(c, &r.Dimensions)
		totals(c, &r.Totals)
		c.version(r.Version)
	},
	version: func(r *rows.UsagePane) stream.Offset { return r.Version },
}

var rollingRevenue = table[rows.RollingRevenue]{
	name: "rolling_revenue_versions",
	columns: []string{"epoch", "partition", "as_of", "window", "line", "product", "segment", "region", "currency",
		"revenue", "cost", "events", "version"},
	row: func(c *chunk, f *flush, r *rows.RollingRevenue) {
		c.uint32(f.epoch)
		c.int32(f.source.Partition)
		c.seconds(r.AsOf)
		c.word(r.Window)
		dimensions(c, &r.Dimensions)
		totals(c, &r.Totals)
		c.version(r.Version)
	},
	version: func(r *rows.RollingRevenue) stream.Offset { return r.Version },
}

var activeAccounts = table[rows.ActiveAccounts]{
	name:    "active_account_versions",
	columns: []string{"epoch", "partition", "as_of", "window", "line", "accounts", "version"},
	row: func(c *chunk, f *flush, r *rows.ActiveAccounts) {
		c.uint32(f.epoch)
		c.int32(f.source.Partition)
		c.seconds(r.AsOf)
		c.word(r.Window)
		c.word(r.Line)
		c.count(r.Accounts)
		c.version(r.Version)
	},
	version: func(r *rows.ActiveAccounts) stream.Offset { return r.Version },
}

func dimensions(c *chunk, d *rows.Dimensions) {
	c.word(d.Line)
	c.word(d.Product)
	c.word(d.Segment)
	c.word(d.Region)
	c.word(d.Currency)
}

func totals(c *chunk, t *rows.Totals) {
	c.money(t.Revenue)
	c.money(t.Cost)
	c.count(t.Events)
}
