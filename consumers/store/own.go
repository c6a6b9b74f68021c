package store

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/fault"
)

// ownRows is how a worker reads back what workers wrote. Where tables are
// replicated, the server that answers may be behind the one that took the
// insert, and a row that it lacks would be an event counted twice. So it is told
// to catch up first, over a single connection, which stays with one server.
type ownRows struct {
	pinned driver.Conn // at most one connection

	mu         sync.Mutex // held while pinned is in use
	known      bool       // whether replicated is
	replicated bool
}

// readOwn runs read on a connection to a server that has every row of a table
// that any server acknowledged before the call.
func (s *Store) readOwn(ctx context.Context, table string, read func(driver.Conn) error) error {
	s.own.mu.Lock()
	defer s.own.mu.Unlock()
	if !s.own.known {
		var engine string
		err := s.own.pinned.QueryRow(ctx, "SELECT any(engine) FROM system.tables WHERE database = ? AND name = ?", s.database.String(), table).Scan(&engine)
		if err != nil {
			return err
		}
		s.own.known = engine != ""
		s.own.replicated = strings.HasPrefix(engine, "Replicated")
	}
	if !s.own.replicated {
		s.own.mu.Unlock()
		defer s.own.mu.Lock()
		return read(s.conn)
	}
	before, err := s.server(ctx)
	if err != nil {
		return err
	}
	if err := s.own.pinned.Exec(ctx, "SYSTEM SYNC REPLICA "+s.database.Of(table)+" LIGHTWEIGHT"); err != nil {
		return err
	}
	if err := read(s.own.pinned); err != nil {
		return err
	}
	after, err := s.server(ctx)
	if err == nil && after != before {
		err = &Error{Op: "read from one server", Kind: fault.Retry, Err: fmt.Errorf("the connection moved to another server")}
	}
	return err
}

func (s *Store) server(ctx context.Context) (id string, err error) {
	err = s.own.pinned.QueryRow(ctx, "SELECT toString(serverUUID())").Scan(&id)
	return id, err
}
