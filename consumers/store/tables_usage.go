package store

import "runrate/internal/rows"

var usageEvents = table[rows.UsageEvent]{
	columns: []string{"epoch", "partition", "account", "time", "line", "product", "segment", "region", "currency",
		"quantities", "revenue", "cost", "source", "id", "type", "one_off", "price_book", "identity", "version"},
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
		c.bool(r.OneOff)
		c.word(r.PriceBook)
		c.identity(r.Identity)
		c.version(r.Version)
	},
}

var usagePanes = table[rows.UsagePane]{
	columns: []string{"epoch", "partition", "hour", "line", "product", "segment", "region", "currency",
		"revenue", "cost", "events", "one_off", "version"},
	row: func(c *chunk, f *flush, r *rows.UsagePane) {
		c.uint32(f.epoch)
		c.int32(f.source.Partition)
		c.seconds(r.Hour)
		dimensions(c, &r.Dimensions)
		totals(c, &r.Totals)
		c.version(r.Version)
	},
}

var rollingRevenue = table[rows.RollingRevenue]{
	columns: []string{"epoch", "partition", "as_of", "window", "line", "product", "segment", "region", "currency",
		"revenue", "cost", "events", "one_off", "version"},
	row: func(c *chunk, f *flush, r *rows.RollingRevenue) {
		c.uint32(f.epoch)
		c.int32(f.source.Partition)
		c.seconds(r.AsOf)
		c.word(r.Window)
		dimensions(c, &r.Dimensions)
		totals(c, &r.Totals)
		c.version(r.Version)
	},
}

var activeAccounts = table[rows.ActiveAccounts]{
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
}

var accountDays = table[rows.AccountDay]{
	columns: []string{"epoch", "partition", "account", "line", "currency", "day", "revenue", "cost", "events", "one_off", "version"},
	row: func(c *chunk, f *flush, r *rows.AccountDay) {
		c.uint32(f.epoch)
		c.int32(f.source.Partition)
		c.text(string(r.Account))
		c.word(r.Line)
		c.word(r.Currency)
		c.date(r.Day)
		totals(c, &r.Totals)
		c.version(r.Version)
	},
}

var firsts = table[rows.First]{
	columns: []string{"topic", "epoch", "partition", "account", "line", "currency", "first", "version"},
	row: func(c *chunk, f *flush, r *rows.First) {
		c.word(f.source.Topic.String())
		c.uint32(f.epoch)
		c.int32(f.source.Partition)
		c.text(string(r.Account))
		c.word(r.Line)
		c.word(r.Currency)
		c.date(r.Midnight)
		c.version(r.Version)
	},
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
	c.money(t.OneOff)
}
