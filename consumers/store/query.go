package store

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// query runs one query and hands each row's Scan to row.
func (s *Store) query(caller context.Context, op string, row func(scan func(...any) error) error, query string, args ...any) error {
	if err := s.queryOn(caller, s.conn, row, query, args...); err != nil {
		return failure(caller, op, err)
	}
	return nil
}

func (s *Store) queryOn(ctx context.Context, conn driver.Conn, row func(scan func(...any) error) error, query string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	r, err := conn.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer r.Close()
	for r.Next() {
		if err := row(r.Scan); err != nil {
			return err
		}
	}
	return r.Err()
}

func (s *Store) exec(caller context.Context, op, query string, args ...any) error {
	ctx, cancel := context.WithTimeout(caller, s.timeout)
	defer cancel()
	if err := s.conn.Exec(ctx, query, args...); err != nil {
		s.hosts.blame(err)
		return failure(caller, op, err)
	}
	return nil
}
