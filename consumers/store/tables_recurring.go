package store

import (
	"runrate/internal/rows"
	"runrate/internal/stream"
)

var subscriptions = table[rows.Subscription]{
	name: "subscription_versions",
	columns: []string{"epoch", "partition", "account", "subscription", "line", "plan", "status", "segment", "region",
		"currency", "mrr", "since", "version"},
	row: func(c *chunk, f *flush, r *rows.Subscription) {
		c.uint32(f.epoch)
		c.int32(f.source.Partition)
		c.text(string(r.Account))
		c.text(r.Subscription)
		c.word(r.Line)
		c.word(r.Plan)
		c.word(r.Status.String())
		c.word(r.Segment)
		c.word(r.Region)
		c.word(r.Currency)
		c.money(r.MRR)
		c.micros(r.Since)
		c.version(r.Version)
	},
	version: func(r *rows.Subscription) stream.Offset { return r.Version },
}

var movements = table[rows.Movement]{
	name: "mrr_movement_versions",
	columns: []string{"epoch", "partition", "time", "change", "account", "line", "currency", "subscription",
		"movement", "amount", "version"},
	row: func(c *chunk, f *flush, r *rows.Movement) {
		c.uint32(f.epoch)
		c.int32(f.source.Partition)
		c.micros(r.Time)
		c.version(r.Change)
		c.text(string(r.Account))
		c.word(r.Line)
		c.word(r.Currency)
		c.text(r.Subscription)
		c.word(r.Movement)
		c.money(r.Amount)
		c.version(r.Version)
	},
	version: func(r *rows.Movement) stream.Offset { return r.Version },
}

var recurring = table[rows.MRR]{
	name: "mrr_versions",
	columns: []string{"epoch", "partition", "as_of", "line", "plan", "segment", "region", "currency",
		"mrr", "subscriptions", "version"},
	row: func(c *chunk, f *flush, r *rows.MRR) {
		c.uint32(f.epoch)
		c.int32(f.source.Partition)
		c.seconds(r.AsOf)
		c.word(r.Line)
		c.word(r.Plan)
		c.word(r.Segment)
		c.word(r.Region)
		c.word(r.Currency)
		c.money(r.MRR)
		c.count(r.Subscriptions)
		c.version(r.Version)
	},
	version: func(r *rows.MRR) stream.Offset { return r.Version },
}

// netNew holds both kinds of ARR, told apart by the topic.
var netNew = table[rows.NetNew]{
	name: "net_new_arr_versions",
	columns: []string{"topic", "epoch", "partition", "as_of", "line", "currency",
		"opening", "new", "expansion", "reactivation", "contraction", "churn", "closing", "version"},
	row: func(c *chunk, f *flush, r *rows.NetNew) {
		c.word(f.source.Topic)
		c.uint32(f.epoch)
		c.int32(f.source.Partition)
		c.seconds(r.AsOf)
		c.word(r.Line)
		c.word(r.Currency)
		c.money(r.Opening)
		c.money(r.New)
		c.money(r.Expansion)
		c.money(r.Reactivation)
		c.money(r.Contraction)
		c.money(r.Churn)
		c.money(r.Closing)
		c.version(r.Version)
	},
	version: func(r *rows.NetNew) stream.Offset { return r.Version },
}
