package store

import (
	"runrate/internal/event"
	"runrate/internal/rows"
)

var subscriptionChanges = table[rows.SubscriptionChange]{
	columns: []string{"epoch", "partition", "account", "time", "subscription", "line", "plan", "status", "segment", "region",
		"currency", "quantity", "unit_amount", "billing_interval", "interval_count", "discount_percent", "mrr",
		"source", "id", "identity", "version"},
	row: func(c *chunk, f *flush, r *rows.SubscriptionChange) {
		s := &r.State
		c.uint32(f.epoch)
		c.int32(f.source.Partition)
		c.text(string(r.Account))
		c.micros(r.Time)
		c.text(s.ID)
		c.word(s.Line)
		c.word(s.Plan)
		c.word(s.Status.String())
		c.word(s.Segment)
		c.word(s.Region)
		c.word(s.Currency)
		c.count(int64(s.Quantity))
		c.money(s.UnitAmount)
		c.word(s.Interval.String())
		c.uint32(s.IntervalCount)
		c.money(s.Discount.Amount())
		c.money(r.MRR)
		c.text(r.Source)
		c.text(r.ID)
		c.identity((&event.Event{Account: r.Account, Source: r.Source, ID: r.ID, Time: r.Time}).Identity())
		c.version(r.Version)
	},
}

var subscriptions = table[rows.Subscription]{
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
}

var movements = table[rows.Movement]{
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
}

var recurring = table[rows.MRR]{
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
}

// netNew holds both kinds of ARR, told apart by the topic.
var netNew = table[rows.NetNew]{
	columns: []string{"topic", "epoch", "partition", "as_of", "line", "currency",
		"opening", "new", "expansion", "reactivation", "contraction", "churn", "closing", "accounts", "version"},
	row: func(c *chunk, f *flush, r *rows.NetNew) {
		c.word(f.source.Topic.String())
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
		c.count(r.Accounts)
		c.version(r.Version)
	},
}

// late holds both kinds of ARR, told apart by the topic.
var late = table[rows.Late]{
	columns: []string{"topic", "epoch", "partition", "line", "currency", "day", "folded", "amount", "version"},
	row: func(c *chunk, f *flush, r *rows.Late) {
		c.word(f.source.Topic.String())
		c.uint32(f.epoch)
		c.int32(f.source.Partition)
		c.word(r.Line)
		c.word(r.Currency)
		c.date(r.Day)
		c.date(r.Folded)
		c.money(r.Amount)
		c.version(r.Version)
	},
}
