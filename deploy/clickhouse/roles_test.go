package clickhouse_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"runrate/deploy/local"
	"runrate/test/guarded"
	"runrate/test/localtest"
)

func TestMain(m *testing.M) { localtest.Main(m) }

// as is a connection of a role to a guarded server.
func as(t *testing.T, ch *local.ClickHouse, role string) clickhouse.Conn {
	t.Helper()
	auth := clickhouse.Auth{Username: guarded.Name(role), Password: guarded.Password(role)}
	if role == "" {
		auth = clickhouse.Auth{}
	}
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{ch.TCPAddr()}, Auth: auth})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func code(err error) int32 {
	if ex, ok := errors.AsType[*clickhouse.Exception](err); ok {
		return ex.Code
	}
	return 0
}

const (
	denied     = 497 // ACCESS_DENIED
	constraint = 452 // SETTING_CONSTRAINT_VIOLATION
	readonly   = 164 // READONLY

	unknownCluster = 701 // CLUSTER_DOESNT_EXIST: what may be done up to there
)

// TestRoles: what each role may do, and what it may not, on a real server.
func TestRoles(t *testing.T) {
	ch := guarded.Start(t)
	ctx := t.Context()
	owner := as(t, ch, "")
	for _, sql := range []string{
		"CREATE DATABASE other ENGINE = Atomic", "CREATE TABLE other.t (a UInt8) ENGINE = MergeTree ORDER BY a",
	} {
		if err := owner.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	type step struct {
		role, sql string
		code      int32
	}
	const table = "CREATE TABLE IF NOT EXISTS revenue.t (a UInt64) ENGINE = ReplacingMergeTree ORDER BY a"
	steps := []step{
		{"writer", "CREATE DATABASE revenue ENGINE = Atomic", denied},
		{"migrator", "CREATE DATABASE IF NOT EXISTS revenue ENGINE = Atomic", 0},
		{"migrator", table, 0},
		{"migrator", "ALTER TABLE revenue.t ADD COLUMN IF NOT EXISTS b String", 0},
		{"migrator", "ALTER TABLE revenue.t COMMENT COLUMN b 'x'", 0},
		{"migrator", "CREATE OR REPLACE VIEW revenue.v AS SELECT a, b FROM revenue.t FINAL", 0},
		{"migrator", "CREATE OR REPLACE VIEW revenue.v AS SELECT a FROM revenue.t FINAL", 0},
		{"migrator", "CREATE OR REPLACE TABLE revenue.all_t AS revenue.t ENGINE = Distributed('nowhere', 'revenue', 't')", unknownCluster},
		{"writer", "INSERT INTO revenue.t (a) VALUES (1)", 0},
		{"writer", "SELECT * FROM revenue.v", 0},
	}
	for _, role := range guarded.Users {
		for _, sql := range []string{
			"DROP TABLE revenue.t", "TRUNCATE TABLE revenue.t", "DROP DATABASE revenue", "DETACH TABLE revenue.t",
			"ALTER TABLE revenue.t DELETE WHERE 1", "DELETE FROM revenue.t WHERE 1", "ALTER TABLE revenue.t DROP PARTITION tuple()",
			"RENAME TABLE revenue.t TO revenue.u", "SELECT * FROM other.t", "INSERT INTO other.t VALUES (1)", "DROP TABLE other.t",
			"SELECT * FROM system.parts", "CREATE USER x", "GRANT SELECT ON revenue.* TO runrate_reader", "SYSTEM SHUTDOWN",
			"SELECT * FROM url('http://127.0.0.1:1/x', 'CSV', 'a String')", "SELECT * FROM file('x', 'CSV', 'a String')",
			"SELECT * FROM remote('127.0.0.1:1', 'system.one')", "INSERT INTO FUNCTION file('x', 'CSV', 'a UInt8') SELECT 1",
		} {
			steps = append(steps, step{role, sql, denied})
		}
		if role == "migrator" {
			steps = append(steps, step{role, "CREATE TABLE revenue.f (a UInt8) ENGINE = File(CSV)", denied},
				step{role, "CREATE TABLE revenue.g (a UInt8) ENGINE = URL('http://127.0.0.1:1/', CSV)", denied})
		} else {
			for _, sql := range []string{table + " COMMENT 'x'", "CREATE OR REPLACE VIEW revenue.v AS SELECT 1", "DROP VIEW revenue.v", "ALTER TABLE revenue.t ADD COLUMN c UInt8"} {
				steps = append(steps, step{role, strings.Replace(sql, "revenue.t ", "revenue.new ", 1), denied})
			}
		}
	}
	for _, role := range []string{"reader", "analyst"} {
		steps = append(steps,
			step{role, "SELECT * FROM revenue.v", 0}, step{role, "DESCRIBE TABLE revenue.v", 0},
			step{role, "SELECT name FROM system.tables WHERE database = 'revenue'", 0},
			step{role, "INSERT INTO revenue.t (a) VALUES (2)", denied},
			step{role, "SET readonly = 0", readonly}, step{role, "SELECT 1 SETTINGS readonly = 0", readonly},
			step{role, "SYSTEM SYNC REPLICA revenue.t", denied})
	}
	for _, s := range steps {
		if err := as(t, ch, s.role).Exec(ctx, s.sql); code(err) != s.code || err != nil && s.code == 0 {
			if s.code == denied && code(err) == readonly { // refused twice over
				continue
			}
			t.Errorf("%s: %s: %v, want code %d", s.role, s.sql, err, s.code)
		}
	}
	var tables []string
	rows, err := owner.Query(ctx, "SELECT name FROM system.tables WHERE database = 'revenue' ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	if !slices.Equal(tables, []string{"t", "v"}) {
		t.Errorf("after all that was refused, the database has %v", tables)
	}
}

// TestAnalystIsBounded: what the analyst's profile bounds cannot be raised, nor made
// boundless by a 0, and the bounds hold.
func TestAnalystIsBounded(t *testing.T) {
	ch := guarded.Start(t)
	conn, ctx := as(t, ch, "analyst"), t.Context()
	for _, set := range []string{
		"max_execution_time = 0", "max_execution_time = 61", "timeout_overflow_mode = 'break'", "max_memory_usage = 0",
		"max_memory_usage = 9000000000", "max_memory_usage_for_user = 0", "max_result_rows = 0", "max_result_rows = 1000001",
		"max_result_bytes = 0", "max_concurrent_queries_for_user = 0", "priority = 0",
	} {
		if err := conn.Exec(ctx, "SELECT 1 SETTINGS "+set); code(err) != constraint {
			t.Errorf("%s: %v", set, err)
		}
	}
	for sql, want := range map[string]int32{
		"SELECT 1 SETTINGS max_execution_time = 5, max_memory_usage = 1000000, max_result_rows = 10, max_threads = 1":               0,
		"SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number)) SETTINGS max_execution_time = 1":            159, // TIMEOUT_EXCEEDED
		"SELECT number FROM numbers(1000001) FORMAT Native":                                                                         396, // TOO_MANY_ROWS_OR_BYTES
		"SELECT length(groupArray(toString(number))) FROM numbers(100000000) SETTINGS max_memory_usage = 50000000, max_threads = 1": 241, // MEMORY_LIMIT_EXCEEDED
	} {
		if err := conn.Exec(ctx, sql); code(err) != want || err != nil && want == 0 {
			t.Errorf("%s: %v, want code %d", sql, err, want)
		}
	}
	var refused error
	n := 0
	for ; n <= 2000 && refused == nil; n++ {
		refused = conn.Exec(ctx, "SELECT * FROM numbers(1)") // SELECT 1 is never counted
	}
	if code(refused) != 201 { // QUOTA_EXCEEDED
		t.Errorf("after %d queries: %v", n, refused)
	}
	if err := as(t, ch, "reader").Exec(ctx, "SELECT * FROM numbers(1)"); err != nil {
		t.Errorf("the analyst's quota is another's, too: %v", err)
	}
}

// TestDecimalsAreQuoted: JSON has money as text for those who read.
func TestDecimalsAreQuoted(t *testing.T) {
	ch := guarded.Start(t)
	for _, role := range []string{"reader", "analyst"} {
		var value string
		err := as(t, ch, role).QueryRow(t.Context(), "SELECT value FROM system.settings WHERE name = 'output_format_json_quote_decimals'").Scan(&value)
		if err != nil || value != "1" {
			t.Errorf("%s: output_format_json_quote_decimals is %q, %v", role, value, err)
		}
		var line string
		err = as(t, ch, role).QueryRow(t.Context(), "SELECT formatRow('JSONEachRow', toDecimal128('0.1', 12) AS x)").Scan(&line)
		if err != nil || !strings.Contains(line, `"x":"0.1"`) {
			t.Errorf("%s: %q, %v", role, line, err)
		}
	}
}
