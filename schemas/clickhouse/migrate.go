package chschema

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Conn is what Migrate needs of a connection: clickhouse-go's driver.Conn.
type Conn interface {
	Exec(ctx context.Context, query string, args ...any) error
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
}

// Result is what Migrate did.
type Result struct {
	Applied []string       // migrations applied now, as NNNN_name
	Views   int            // views created again
	Cluster string         // the cluster that holds the database, "" for a single server
	Lacked  map[string]int // by host, the tables that it lacked and has now
}

// Migrate creates the database and brings its tables and views to this
// program's schema. It may be run again at any time, and beside readers and
// writers.
//
// It fails, having changed nothing, when a migration that was applied differs
// from this program's, or when the database has one that this program does not
// know; and on a cluster, when one of its hosts does not answer, or has a table
// otherwise than the others.
func Migrate(ctx context.Context, conn Conn, o Options) (Result, error) {
	return migrate(ctx, conn, o, Files)
}

func migrate(ctx context.Context, conn Conn, o Options, from fs.FS) (Result, error) {
	var result Result
	if err := o.check(); err != nil {
		return result, fmt.Errorf("migrate: %w", err)
	}
	known, err := migrations(from)
	if err != nil {
		return result, fmt.Errorf("migrate %s: %w", o.Database, err)
	}
	if o, err = o.settle(ctx, conn); err != nil {
		return result, fmt.Errorf("migrate %s: %w", o.Database, err)
	}
	if o.Cluster != "" {
		hosts, err := o.hosts(ctx, conn)
		if silent, ok := errors.AsType[*Silent](err); ok {
			silent.Current = o.current(ctx, conn, known)
		}
		if err != nil {
			return result, fmt.Errorf("migrate %s: %w", o.Database, err)
		}
		defer closeAll(hosts)
		o = o.count(hosts)
		conn, result.Cluster = hosts[0].conn, o.Cluster
		ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"distributed_ddl_task_timeout": int(ddlBound.Seconds())}))
		if result.Lacked, err = o.begin(ctx, hosts); err == nil {
			o, err = o.gate(ctx, hosts)
		}
		if err != nil {
			return result, fmt.Errorf("migrate %s: %w", o.Database, err)
		}
	} else if err := exec(ctx, conn, o, "database", database+bootstrap); err != nil {
		return result, err
	}
	if err := changes(ctx, conn, o, from, known, &result); err != nil {
		return result, err
	}
	if err := o.spread(ctx, conn); err != nil {
		return result, fmt.Errorf("migrate %s: %w", o.Database, err)
	}
	return result, views(ctx, conn, o, from, &result)
}

// ddlBound is how long the hosts of a cluster have for one statement; well below what
// the client waits for an answer.
const ddlBound = 20 * time.Second

// begin creates on a cluster what migrations are recorded in, and brings every host to the
// tables that one of them has; it returns how many, by host.
func (o Options) begin(ctx context.Context, hosts []host) (map[string]int, error) {
	conn := hosts[0].conn
	if err := exec(ctx, conn, o, "database", database); err != nil {
		return nil, err
	}
	lacked, err := o.equalise(ctx, hosts)
	if err != nil {
		return nil, err
	}
	if err := exec(ctx, conn, o, "database", bootstrap); err != nil {
		return nil, err
	}
	return lacked, o.remember(ctx, conn)
}

// changes applies the migrations that the database does not have.
func changes(ctx context.Context, conn Conn, o Options, from fs.FS, known []migration, result *Result) error {
	applied, err := applied(ctx, conn, o)
	if err != nil {
		return err
	}
	if err := reconcile(known, applied); err != nil {
		return fmt.Errorf("migrate %s: %w", o.Database, err)
	}
	for _, m := range known {
		if _, done := applied[m.number]; done {
			continue
		}
		if err := exec(ctx, conn, o, m.String(), m.text); err != nil {
			return err
		}
		if err := record(ctx, conn, o, m); err != nil {
			return err
		}
		result.Applied = append(result.Applied, m.String())
	}
	return nil
}

// views makes all views again.
func views(ctx context.Context, conn Conn, o Options, from fs.FS, result *Result) error {
	for _, name := range viewOrder {
		text, err := fs.ReadFile(from, "views/"+strings.TrimSuffix(name, now)+".sql")
		if err != nil {
			return fmt.Errorf("migrate %s: %w", o.Database, err)
		}
		if err := exec(ctx, conn, o, "view "+name, string(text)); err != nil {
			return err
		}
		result.Views++
	}
	return nil
}

// database creates the database.
const database = `
CREATE DATABASE IF NOT EXISTS {{.DB}}{{.OnCluster}}
ENGINE = Atomic
COMMENT 'Recurring revenue by runrate: read the views; tables whose name ends in _versions hold versioned rows';
`

const migrationsComment = "Schema migrations that were applied"

// bootstrap creates what migrations are recorded in, before there are any.
const bootstrap = `
CREATE TABLE IF NOT EXISTS {{.DB}}.migrations{{.OnCluster}}
(
    number     UInt32               COMMENT 'Number of the migration, from 1',
    name       String               COMMENT 'Its name',
    checksum   String               COMMENT 'SHA-256 of its file, hexadecimal; an applied file must not change',
    applied_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When it was applied, by the server clock'
)
ENGINE = {{.Replacing "applied_at"}}
ORDER BY number
SETTINGS {{.Settings}}
COMMENT '` + migrationsComment + `{{.Remembered}}';
`

func exec(ctx context.Context, conn Conn, o Options, name, text string) error {
	list, err := render(name, text, o)
	if err != nil {
		return err
	}
	for i, s := range list {
		if err := conn.Exec(ctx, s); err != nil {
			return fmt.Errorf("migrate %s: %s, statement %d: %w", o.Database, name, i+1, err)
		}
	}
	return nil
}

// applied are the migrations that the database has, by number.
func applied(ctx context.Context, conn Conn, o Options) (map[uint32]migration, error) {
	rows, err := conn.Query(ctx, "SELECT number, name, checksum FROM "+o.Database.Of("migrations")+" FINAL ORDER BY number")
	if err != nil {
		return nil, fmt.Errorf("migrate %s: read migrations: %w", o.Database, err)
	}
	defer rows.Close()
	out := map[uint32]migration{}
	for rows.Next() {
		var m migration
		if err := rows.Scan(&m.number, &m.name, &m.checksum); err != nil {
			return nil, fmt.Errorf("migrate %s: read migrations: %w", o.Database, err)
		}
		out[m.number] = m
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("migrate %s: read migrations: %w", o.Database, err)
	}
	return out, nil
}

// reconcile refuses a database that another program's files made.
func reconcile(known []migration, applied map[uint32]migration) error {
	for number, a := range applied {
		if int(number) > len(known) || number == 0 {
			return fmt.Errorf("the database has migration %s, which this runrate does not know: use a newer one", a)
		}
		if k := known[number-1]; k.checksum != a.checksum {
			return fmt.Errorf("migration %s was applied with checksum %.12s…, but this runrate's file has %.12s…: "+
				"an applied migration must not change; add a new one", k, a.checksum, k.checksum)
		}
	}
	return nil
}

func record(ctx context.Context, conn Conn, o Options, m migration) error {
	query := fmt.Sprintf("INSERT INTO %s (number, name, checksum) VALUES (%d, '%s', '%s')", o.Database.Of("migrations"), m.number, m.name, m.checksum)
	if err := conn.Exec(ctx, query); err != nil {
		return fmt.Errorf("migrate %s: record %s: %w", o.Database, m, err)
	}
	return nil
}
