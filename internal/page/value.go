package page

import (
	"reflect"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"
)

// newRow has a place for a value of each column.
func newRow(columns []driver.ColumnType) []any {
	row := make([]any, len(columns))
	for i, c := range columns {
		row[i] = reflect.New(c.ScanType()).Interface()
	}
	return row
}

// texts are the values of a row as they go into JSON: a number that JavaScript could
// round (a decimal, 64 bits) as its digits, a time as RFC 3339 in UTC, NULL as null.
func texts(row []any) []any {
	out := make([]any, len(row))
	for i, place := range row {
		v := reflect.ValueOf(place).Elem()
		for v.Kind() == reflect.Pointer && !v.IsNil() {
			v = v.Elem()
		}
		out[i] = text(v.Interface())
	}
	return out
}

func text(value any) any {
	switch v := value.(type) {
	case decimal.Decimal:
		return v.String() // all its digits, no exponent
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case uint64:
		return strconv.FormatUint(v, 10)
	case int64:
		return strconv.FormatInt(v, 10)
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.Pointer { // a NULL
		return nil
	}
	return value
}
