package chschema

import (
	"context"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/test/localtest"
)

func TestMain(m *testing.M) { localtest.Main(m) }

// connect is a connection and the name of a database that does not exist yet.
func connect(t testing.TB) (driver.Conn, string) {
	t.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{localtest.ClickHouse(t).TCPAddr()}})
	if err != nil {
		t.Fatal(err)
	}
	name := localtest.Name(t)
	t.Cleanup(func() {
		if err := conn.Exec(context.Background(), "DROP DATABASE IF EXISTS "+name+" SYNC"); err != nil {
			t.Error(err)
		}
		conn.Close()
	})
	return conn, name
}

func parsed(t testing.TB, name string) Database {
	t.Helper()
	d, err := ParseDatabase(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// table is a query's rows of strings.
func table(t testing.TB, conn driver.Conn, query string, args ...any) [][]string {
	t.Helper()
	rows, err := conn.Query(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var out [][]string
	for rows.Next() {
		line := make([]string, len(rows.Columns()))
		into := make([]any, len(line))
		for i := range line {
			into[i] = &line[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		out = append(out, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
