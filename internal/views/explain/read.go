package explain

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/money"
	"runrate/internal/pricebook"
	"runrate/internal/stream"
	"runrate/internal/views/report"
	chschema "runrate/schemas/clickhouse"
)

// Query says what is explained.
type Query struct {
	Database chschema.Database // of the views
	Line     string
	Currency string    // "": the line's only one
	AsOf     time.Time // an hour boundary; zero: the last one passed
	Account  string    // only this one's part; "": all
	Top      int       // how many parts of each level are listed, the largest first; at least 1
	Open     int       // how many of those are taken apart in turn; at most Top
}

// reader runs the queries of one explanation.
type reader struct {
	conn driver.Conn
	q    Query

	days       int   // length of the window of usage ARR
	multiplier int64 // usage ARR = multiplier x its revenue
	epochs     [2]uint32
	books      map[string]*pricebook.Book // by partition@offset
	spread     bool                       // whether rows are spread over shards
}

// Read takes a line's ARR apart.
func Read(ctx context.Context, conn driver.Conn, q Query) (*Node, error) {
	r, err := begin(ctx, conn, q, "arr")
	if err != nil {
		return nil, err
	}
	usage, err := r.usage(ctx)
	if err != nil {
		return nil, err
	}
	subscriptions, err := r.subscriptions(ctx)
	if err != nil {
		return nil, err
	}
	root := &Node{What: "arr", Name: r.name(), Times: 1, Children: []*Node{usage, subscriptions}}
	if q.Account != "" {
		root.Amount = amount(usage.Amount.Plus(subscriptions.Amount.Amount))
		return root, root.check()
	}
	err = r.each(ctx, `SELECT toString(sum(arr)) FROM DB.arr WHERE as_of = fromUnixTimestamp(?) AND line = ? AND currency = ?`,
		[]any{r.q.AsOf.Unix(), r.q.Line, r.q.Currency}, &root.Amount)
	if err != nil {
		return nil, err
	}
	return root, root.check()
}

// name is what is explained.
func (r *reader) name() string {
	name := fmt.Sprintf("%s, %s, as of %s UTC", r.q.Line, r.q.Currency, r.q.AsOf.Format("2006-01-02 15:04"))
	if r.q.Account != "" {
		name = r.q.Account + " in " + name
	}
	return name
}

// begin decides the boundary and the currency, of those in a view, and reads the definition.
func begin(ctx context.Context, conn driver.Conn, q Query, view string) (*reader, error) {
	q.Top, q.Open = max(q.Top, 1), max(q.Open, 0)
	r := &reader{conn: conn, q: q, books: map[string]*pricebook.Book{}}
	var err error
	if r.spread, err = chschema.IsSpread(ctx, conn, q.Database); err != nil {
		return nil, err
	}
	if r.q.AsOf, err = report.AsOf(ctx, r.conn, r.q.Database, r.q.AsOf); err != nil {
		return nil, err
	}
	if view == "net_new_arr" {
		r.q.AsOf = r.q.AsOf.Truncate(24 * time.Hour)
	}
	if err := r.definition(ctx); err != nil {
		return nil, err
	}
	return r, r.currency(ctx, view)
}

// definition reads how usage ARR is defined, and which epochs are shown.
func (r *reader) definition(ctx context.Context) error {
	var days uint16
	var multiplier uint32
	if err := r.each(ctx, `SELECT arr_window_days, arr_multiplier FROM DB.definitions`, nil, &days, &multiplier); err != nil {
		return err
	}
	r.days, r.multiplier = int(days), int64(multiplier)
	for i, topic := range stream.Inputs() {
		if err := r.each(ctx, `SELECT max(epoch) FROM DB.epochs WHERE topic = ? AND shown`, []any{topic.String()}, &r.epochs[i]); err != nil {
			return err
		}
	}
	return nil
}

// currency decides it: the one asked for, or the line's only one in a view.
func (r *reader) currency(ctx context.Context, view string) error {
	var lines, currencies []string
	err := r.each(ctx, `SELECT groupUniqArray(toString(line)), groupUniqArrayIf(toString(currency), line = ?) FROM DB.`+view+` WHERE as_of = fromUnixTimestamp(?)`,
		[]any{r.q.Line, r.q.AsOf.Unix()}, &lines, &currencies)
	switch {
	case err != nil:
		return err
	case len(currencies) == 0:
		return fmt.Errorf("line %q has no ARR as of %s; those that have: %s", r.q.Line, r.q.AsOf.Format(time.RFC3339), strings.Join(lines, ", "))
	case r.q.Currency == "" && len(currencies) > 1:
		return fmt.Errorf("line %q has ARR in %s, which are never added together: choose one by --currency", r.q.Line, strings.Join(currencies, ", "))
	case r.q.Currency == "":
		r.q.Currency = currencies[0]
	}
	return nil
}

// epoch is the one that is shown of a kind.
func (r *reader) epoch(kind stream.Kind) uint32 {
	for i, topic := range stream.Inputs() {
		if topic.Kind() == kind {
			return r.epochs[i]
		}
	}
	return 0
}

// rows runs a query, DB in it standing for the database, and calls f for each row.
func (r *reader) rows(ctx context.Context, query string, args []any, f func(scan func(...any) error) error) error {
	query = strings.ReplaceAll(query, "DB.", r.q.Database.Of(""))
	if r.spread {
		query = chschema.OverShards(query)
	}
	rows, err := r.conn.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// each is rows for a query of one row.
func (r *reader) each(ctx context.Context, query string, args []any, into ...any) error {
	return r.rows(ctx, query, args, func(scan func(...any) error) error { return scan(into...) })
}

// total is a sum and how many there are, of a query of both.
func (r *reader) total(ctx context.Context, query string, args ...any) (sum money.Amount, count uint64, err error) {
	var a report.Amount
	err = r.each(ctx, query, args, &a, &count)
	return a.Amount, count, err
}
