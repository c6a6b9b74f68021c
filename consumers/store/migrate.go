package store

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	chschema "runrate/schemas/clickhouse"
)

// Migrate brings the database to this program's schema, on every server of the cluster
// that is named, or that the database remembers.
func (s *Store) Migrate(ctx context.Context, cluster string) (chschema.Result, error) {
	return chschema.Migrate(ctx, s.conn, chschema.Options{Database: s.database, Cluster: cluster, Server: s.only})
}

// only is a connection to one server by its address, as the same user.
func (s *Store) only(ctx context.Context, address string) (driver.Conn, error) {
	options := *s.options
	options.Addr = []string{address}
	options.MaxOpenConns, options.MaxIdleConns = 1, 1
	conn, err := clickhouse.Open(&options)
	if err != nil {
		return nil, err
	}
	if err := conn.Ping(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return &quorum{Conn: conn, database: s.database, wanted: s.wanted}, nil
}
