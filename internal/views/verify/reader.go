package verify

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	chschema "runrate/schemas/clickhouse"
)

// reader is the only part that knows ClickHouse.
type reader struct {
	conn     driver.Conn
	database chschema.Database
	log      Log
	spread   bool  // whether rows are spread over shards
	down     error // of the log, that no other check needs to wait for
	sample   int64
	counted  map[source]counted // what the log holds, by the checks of its records
}

// settings of every query. Rows with the same key are in the same month, so
// months need not be merged with each other; what a table is sorted by is not
// sorted again; and what does not fit in memory goes to disk.
var settings = clickhouse.Settings{
	"optimize_aggregation_in_order":               1,
	"do_not_merge_across_partitions_select_final": 1,
	"max_bytes_before_external_group_by":          400_000_000,
	"max_bytes_before_external_sort":              400_000_000,
}

// cursor is the rows of a query, scanned into its key and value.
type cursor[K, V any] struct {
	rows  driver.Rows
	key   K
	value V
	into  []any // the columns' places in key and value
}

// open starts a query whose text is made by text. into names the places of its
// columns.
func open[K, V any](ctx context.Context, r *reader, into func(*K, *V) []any, query string, values ...any) (*cursor[K, V], error) {
	rows, err := r.conn.Query(clickhouse.Context(ctx, clickhouse.WithSettings(settings)), r.text(query, values...)) //nolint:rowserrcheck // cursor.next looks at it
	if err != nil {
		return nil, err
	}
	c := &cursor[K, V]{rows: rows}
	c.into = into(&c.key, &c.value)
	return c, nil
}

// text is a query with its placeholders filled in: DB is the database, and
// values are pairs of a placeholder and what it stands for.
func (r *reader) text(query string, values ...any) string {
	all := []string{"DB.", r.database.Of("")}
	for _, v := range values {
		all = append(all, fmt.Sprint(v))
	}
	query = strings.NewReplacer(all...).Replace(query)
	if r.spread {
		query = chschema.OverShards(query)
	}
	return query
}

func (c *cursor[K, V]) next() (bool, error) {
	if !c.rows.Next() {
		return false, c.rows.Err()
	}
	return true, c.rows.Scan(c.into...)
}

func (c *cursor[K, V]) row() (*K, *V) { return &c.key, &c.value }

// each calls f for every row.
func (c *cursor[K, V]) each(f func(*K, *V) error) error {
	for {
		more, err := c.next()
		if err != nil || !more {
			return err
		}
		if err := f(&c.key, &c.value); err != nil {
			return err
		}
	}
}

// decimals are columns of money as amount reads them.
func decimals(columns ...string) string {
	for i, c := range columns {
		columns[i] = "reinterpret(reinterpret(toDecimal128(" + c + ", 12), 'Int128'), 'FixedString(16)')"
	}
	return strings.Join(columns, ", ")
}

// empty is a stream without rows.
type empty[K, V any] struct{}

func (empty[K, V]) next() (bool, error) { return false, nil }
func (empty[K, V]) row() (*K, *V)       { return nil, nil }
