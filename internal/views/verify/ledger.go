package verify

import (
	"context"
	"fmt"
	"strings"

	"runrate/internal/event"
	"runrate/internal/pricebook"
	"runrate/internal/stream"
)

// ledger is the table of the accepted events of one topic.
type ledger[V rowValue] struct {
	topic   stream.Topic
	table   string
	columns string // as into has them
	into    func(*V) []any
	// row is what the event of a record must have become, by the price book in
	// force, or why it is refused.
	row func(e *event.Event, book *pricebook.Book, at uint64) (V, event.Reason)
	// unpriced is a row without what a price book decides.
	unpriced func(V) V
}

// usageRow is a row of usage_event_versions.
type usageRow struct {
	account, typ, source, id, identity string
	time                               int64
	dimensions
	quantities    string
	revenue, cost amount
	oneOff        bool
	priceBook     string
}

// String is the columns.
func (u usageRow) String() string {
	return fmt.Sprintf("%s of account %s, time %s, %s, quantities {%s}, revenue %s, cost %s, one_off %t, price_book %s, source %s, id %s, identity %x",
		u.typ, quote(u.account), micro(u.time), u.dimensions, u.quantities, u.revenue, u.cost, u.oneOff, quote(u.priceBook), quote(u.source), quote(u.id), u.identity)
}

var usageLedger = ledger[usageRow]{
	topic: stream.Usage.Topic(), table: "usage_event_versions",
	columns: `account, type, source, id, identity, toUnixTimestamp64Micro(time), ` + dimensionColumns + `,
	arrayStringConcat(arrayMap((k, v) -> concat(toString(length(k)), ':', k, ' ', toString(v)), mapKeys(mapSort(quantities)), mapValues(mapSort(quantities))), ', '), ` +
		decimals("revenue", "cost") + `, CAST(one_off, 'Bool'), price_book`,
	into: func(u *usageRow) []any {
		return append(append([]any{&u.account, &u.typ, &u.source, &u.id, &u.identity, &u.time}, u.dimensions.into()...), &u.quantities, &u.revenue, &u.cost, &u.oneOff, &u.priceBook)
	},
	row: rated,
	unpriced: func(u usageRow) usageRow {
		u.line, u.revenue, u.cost, u.priceBook = "", amount{}, amount{}, ""
		if u.typ == event.UsageRecorded.String() {
			u.currency = ""
		}
		return u
	},
}

// rated is the row of a usage event: DEFINITIONS R8 and M3.
func rated(e *event.Event, book *pricebook.Book, _ uint64) (usageRow, event.Reason) {
	identity := e.Identity()
	u := usageRow{account: string(e.Account), typ: e.Type.String(), source: e.Source, id: e.ID, identity: string(identity[:]), time: int64(e.Time)}
	a := e.Adjustment
	if a != nil {
		u.dimensions, u.revenue, u.oneOff = dimensions{"", a.Product, a.Segment, a.Region, a.Currency}, amount{a.Amount}, a.OneOff
	} else {
		u.dimensions, u.quantities = dimensions{"", e.Usage.Product, e.Usage.Segment, e.Usage.Region, ""}, quantities(e.Usage.Quantities)
	}
	if book == nil {
		return u, event.UnknownProduct
	}
	product, ok := book.Product(u.product)
	if !ok {
		return u, event.UnknownProduct
	}
	u.line, u.priceBook = product.Line, book.Version
	if a != nil {
		return u, ""
	}
	u.currency = book.Currency
	revenue, cost, refusal := book.Rate(e.Account, product, e.Time, e.Usage.Quantities)
	if refusal != nil {
		return u, refusal.Reason
	}
	u.revenue, u.cost = amount{revenue}, amount{cost}
	return u, ""
}

// quantities is the counts by meter in one string, as the ledger's query has them.
func quantities(list []event.Quantity) string {
	terms := make([]string, len(list))
	for i, q := range list {
		terms[i] = fmt.Sprintf("%d:%s %d", len(q.Meter), q.Meter, q.Count)
	}
	return strings.Join(terms, ", ")
}

// changeRow is a row of subscription_change_versions.
type changeRow struct {
	change
	source, id, identity string
}

// String is the columns.
func (c changeRow) String() string {
	return fmt.Sprintf("%s, time %s, line %s, plan %s, status %s, segment %s, region %s, quantity %d x %s %s per %d %s less %s %%, mrr %s, source %s, id %s, identity %x",
		&c.change, micro(c.time), quote(c.line), quote(c.plan), c.status, quote(c.segment), quote(c.region), c.quantity, c.unitAmount, c.coin,
		c.intervalCount, c.interval, c.discount, c.stored, quote(c.source), quote(c.id), c.identity)
}

// changeLedger is that of subscriptions, where these statuses count.
func changeLedger(counting []string) *ledger[changeRow] {
	return &ledger[changeRow]{
		topic: stream.Subscriptions.Topic(), table: "subscription_change_versions",
		columns: changeColumns() + ", source, id, identity",
		into: func(c *changeRow) []any {
			return append(c.change.into(), &c.source, &c.id, &c.identity)
		},
		row: func(e *event.Event, _ *pricebook.Book, at uint64) (changeRow, event.Reason) {
			s, identity := e.Subscription, e.Identity()
			c := changeRow{source: e.Source, id: e.ID, identity: string(identity[:]), change: change{
				account: string(e.Account), subscription: s.ID, time: int64(e.Time), version: at,
				line: s.Line, plan: s.Plan, status: s.Status.String(), segment: s.Segment, region: s.Region, coin: s.Currency,
				quantity: s.Quantity, unitAmount: amount{s.UnitAmount}, interval: s.Interval.String(), intervalCount: s.IntervalCount,
				discount: amount{s.Discount.Amount()},
			}}
			var err error
			if c.stored, err = c.mrr(counting); err != nil {
				return c, event.Invalid // out of range: the terms themselves are sound
			}
			return c, ""
		},
		unpriced: func(c changeRow) changeRow { return c },
	}
}

// open reads the rows of a partition in the order of offsets.
func (l *ledger[V]) open(ctx context.Context, r *reader, epoch uint32, p source, spans []offsets) (*cursor[offsetKey, V], error) {
	return open(ctx, r, func(k *offsetKey, v *V) []any { return append([]any{&k.offset}, l.into(v)...) }, `
SELECT toInt64(version) AS o, `+l.columns+`
FROM DB.$table FINAL WHERE epoch = $epoch AND partition = $partition AND $within ORDER BY o`,
		"$table", l.table, "$epoch", epoch, "$partition", p.Partition, "$within", within("version", spans))
}

// letter is a dead letter but for its reason: what was refused, byte by byte.
type letter struct {
	time         int64
	key, payload string // SHA-256
	headers      string // likewise; "" where they were not kept
}

// String is the columns.
func (l letter) String() string {
	return fmt.Sprintf("time %s, SHA-256 of the key %x, of the headers %x, of the payload %x", micro(l.time), l.key, l.headers, l.payload)
}

// refusedAs is a letter with its reason.
type refusedAs struct {
	letter
	reason string
}

// String is the columns.
func (l refusedAs) String() string {
	return "refused: " + orNothing(l.reason) + ", " + l.letter.String()
}

func orNothing(s string) string {
	if s == "" {
		return "no reason"
	}
	return s
}

// openLetters reads the dead letters of a partition in the order of offsets.
func openLetters(ctx context.Context, r *reader, epoch uint32, p source, spans []offsets) (*cursor[offsetKey, refusedAs], error) {
	return open(ctx, r, func(k *offsetKey, v *refusedAs) []any {
		return []any{&k.offset, &v.time, &v.reason, &v.key, &v.payload, &v.headers}
	}, `
SELECT offset, toUnixTimestamp64Micro(time), reason, SHA256(key), SHA256(payload),
    if(headers_kept = 1, toString(SHA256(arrayStringConcat(arrayMap(h -> concat(h.1, '\0', h.2, '\0'), headers)))), '')
FROM DB.dead_letter_versions FINAL WHERE topic = '$topic' AND epoch = $epoch AND partition = $partition AND $within ORDER BY offset`,
		"$topic", p.Topic, "$epoch", epoch, "$partition", p.Partition, "$within", within("offset", spans))
}
