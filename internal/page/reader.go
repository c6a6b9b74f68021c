package page

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// queryBound is how long one query may take.
const queryBound = 10 * time.Second

// settings bound every query, and let it only read, whatever its user may do.
var settings = clickhouse.Settings{
	"readonly":             1,
	"max_execution_time":   queryBound.Seconds(),
	"max_memory_usage":     1 << 30,
	"max_result_rows":      100_000,
	"result_overflow_mode": "throw",
}

// reader runs queries, read-only and bounded. It is safe for concurrent use.
type reader struct {
	open     Open
	settings atomic.Pointer[clickhouse.Settings] // what may be sent; nil until that is known

	mu   sync.Mutex
	conn driver.Conn // nil until it is open
}

// connection is the connection, opened by whoever needs it first.
func (r *reader) connection(ctx context.Context) (driver.Conn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn == nil {
		conn, err := r.open(ctx)
		if err != nil {
			return nil, err
		}
		r.conn = conn
	}
	return r.conn, nil
}

// read runs one query.
func (r *reader) read(ctx context.Context, text string) (shown, error) {
	ctx, cancel := context.WithTimeout(ctx, queryBound)
	defer cancel()
	conn, err := r.connection(ctx)
	if err != nil {
		return shown{}, err
	}
	may, err := r.may(ctx, conn)
	if err != nil {
		return shown{}, err
	}
	rows, err := conn.Query(clickhouse.Context(ctx, clickhouse.WithSettings(may)), text)
	if err != nil {
		return shown{}, err
	}
	defer rows.Close()
	s := shown{Columns: rows.Columns(), Rows: [][]any{}}
	row := newRow(rows.ColumnTypes())
	for rows.Next() {
		if err := rows.Scan(row...); err != nil {
			return shown{}, err
		}
		s.Rows = append(s.Rows, texts(row))
	}
	return s, rows.Err()
}

// may are the settings that ClickHouse takes from this user. One whose profile is
// read-only (1) may set nothing, and one whose profile is read-only but for settings
// (2) may not set that: both cannot write anyway.
func (r *reader) may(ctx context.Context, conn driver.Conn) (clickhouse.Settings, error) {
	if known := r.settings.Load(); known != nil {
		return *known, nil
	}
	var readonly uint64
	if err := conn.QueryRow(ctx, "SELECT toUInt64(getSetting('readonly'))").Scan(&readonly); err != nil {
		return nil, err
	}
	may := maps.Clone(settings)
	switch readonly {
	case 1:
		clear(may)
	case 2:
		delete(may, "readonly")
	}
	r.settings.Store(&may)
	return may, nil
}
