package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/fault"
)

// behindBound is how long a server may take to catch up while there is another to ask.
const behindBound = 5 * time.Second

// ownRows is how a worker reads back what workers wrote. Where tables are
// replicated, the server that answers may be behind the one that took the
// insert, and a row that it lacks would be an event counted twice, or an epoch
// that nobody switched to. So it is told to catch up first, over a single
// connection, which stays with one server; one that does not is left for the next.
type ownRows struct {
	pinned driver.Conn // at most one connection
	hosts  *hosts

	mu         sync.Mutex // held while pinned is in use
	known      bool       // whether replicated is
	replicated bool
}

// readOwn runs read on a connection to a server that has every row of a table
// that any server acknowledged before the call.
func (s *Store) readOwn(ctx context.Context, table string, read func(driver.Conn) error) error {
	return s.readOwnOf(ctx, s.shard, table, read)
}

// readOwnOf is readOwn of a shard.
func (s *Store) readOwnOf(ctx context.Context, of *shard, table string, read func(driver.Conn) error) error {
	of.own.mu.Lock()
	defer of.own.mu.Unlock()
	if !of.own.known {
		var engine string
		err := of.own.pinned.QueryRow(ctx, "SELECT any(engine) FROM system.tables WHERE database = ? AND name = ?", s.database.String(), table).Scan(&engine)
		if err != nil {
			return err
		}
		of.own.known = engine != ""
		of.own.replicated = strings.HasPrefix(engine, "Replicated")
	}
	if !of.own.replicated {
		of.own.mu.Unlock()
		defer of.own.mu.Lock()
		return read(of.conn)
	}
	before, err := s.caughtUp(ctx, of, table)
	if err != nil {
		return err
	}
	if err := read(of.own.pinned); err != nil {
		return err
	}
	after, err := of.server(ctx)
	if err == nil && after != before {
		err = &Error{Op: "read from one server", Kind: fault.Retry, Err: fmt.Errorf("the connection moved to another server")}
	}
	return err
}

// caughtUp has a server fetch all rows of a table that any server acknowledged, and
// returns which server that is: the one that was asked before, or the next that can.
func (s *Store) caughtUp(ctx context.Context, of *shard, table string) (server string, err error) {
	for range of.own.hosts.options.Addr {
		bound := s.timeout
		if of.own.hosts.others() {
			bound = min(bound, behindBound)
		}
		if server, err = s.catchUp(ctx, of, table, bound); err == nil {
			return server, nil
		}
		if ctx.Err() != nil || !of.own.hosts.leaveCurrent() {
			break
		}
	}
	return "", err
}

func (s *Store) catchUp(ctx context.Context, of *shard, table string, bound time.Duration) (server string, err error) {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	if server, err = of.server(ctx); err != nil {
		return "", err
	}
	err = of.own.pinned.Exec(ctx, "SYSTEM SYNC REPLICA "+s.database.Of(table)+" LIGHTWEIGHT")
	if ex, ok := errors.AsType[*clickhouse.Exception](err); ok && proto.Error(ex.Code) == proto.ErrAccessDenied {
		err = nil // a reader's: it writes nothing by what it reads
	}
	return server, err
}

func (of *shard) server(ctx context.Context) (id string, err error) {
	err = of.own.pinned.QueryRow(ctx, "SELECT toString(serverUUID())").Scan(&id)
	return id, err
}

// queryOwn is query for rows that workers wrote and must not miss.
func (s *Store) queryOwn(caller context.Context, table, op string, row func(scan func(...any) error) error, query string, args ...any) error {
	err := s.readOwn(caller, table, func(conn driver.Conn) error { return s.queryOn(caller, conn, row, query, args...) })
	if err != nil {
		return failure(caller, op, err)
	}
	return nil
}

// onEach is readOwn of several shards, one after another.
func (s *Store) onEach(ctx context.Context, all []*shard, table string, read func(driver.Conn) error) error {
	for _, of := range all {
		if err := s.readOwnOf(ctx, of, table, read); err != nil {
			return err
		}
	}
	return nil
}
