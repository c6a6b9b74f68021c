package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	chschema "runrate/schemas/clickhouse"
)

// quorumAge is how long a number of replicas counts as known. Until a replica that was
// added is seen, rows are acknowledged without it; it fetches them all the same.
const quorumAge = time.Minute

// quorum is a pool of connections whose inserts are acknowledged when enough replicas
// have them: as many as was asked for, or most of those that the tables have. One
// replica is no quorum of its own: the server would wait for it in vain.
//
// All else goes to the pool as it is. It is safe for concurrent use.
type quorum struct {
	driver.Conn
	database chschema.Database
	wanted   int // replicas; 0: most of them

	mu    sync.Mutex
	needs map[string]int // replicas, by table, where that is not most of them
	until time.Time      // when alone has to be asked for again
}

// Exec is the pool's.
func (q *quorum) Exec(ctx context.Context, query string, args ...any) error {
	ctx, err := q.bound(ctx, query)
	if err != nil {
		return err
	}
	return q.Conn.Exec(ctx, query, args...)
}

// PrepareBatch is the pool's.
func (q *quorum) PrepareBatch(ctx context.Context, query string, options ...driver.PrepareBatchOption) (driver.Batch, error) {
	ctx, err := q.bound(ctx, query)
	if err != nil {
		return nil, err
	}
	return q.Conn.PrepareBatch(ctx, query, options...)
}

// bound gives an insert the quorum it needs, where that is not the connection's, which
// is most of the replicas.
func (q *quorum) bound(ctx context.Context, query string) (context.Context, error) {
	if !strings.HasPrefix(query, "INSERT") {
		return ctx, nil
	}
	wanted := q.wanted
	if wanted == 0 {
		var err error
		if wanted, err = q.needed(ctx, query); err != nil || wanted == 0 {
			return ctx, err
		}
	}
	if wanted == 1 {
		wanted = 0 // as the server says it
	}
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"insert_quorum": wanted})), nil
}

// needed is how many replicas must have the rows of an insert, 0 if that is most of those
// that there are.
func (q *quorum) needed(ctx context.Context, query string) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if time.Now().After(q.until) {
		if err := q.look(ctx); err != nil {
			return 0, err
		}
	}
	_, rest, _ := strings.Cut(query, q.database.SQL()+".")
	name, _, _ := strings.Cut(rest, " ")
	return q.needs[name], nil
}

// look finds the tables of one replica, which is no quorum of its own; and, where rows are
// spread over shards, those of three and more. Reads there go to any replica of a shard, so all
// have to have what is acknowledged.
func (q *quorum) look(ctx context.Context) error {
	var engine string
	err := q.QueryRow(ctx, "SELECT any(engine) FROM system.tables WHERE database = ? AND name = 'migrations'", q.database.String()).Scan(&engine)
	if err != nil || engine == "" {
		return err // no schema yet: asked again
	}
	q.needs = map[string]int{}
	if strings.HasPrefix(engine, "Replicated") {
		var names, spread []string
		var replicas []uint32
		err = q.QueryRow(ctx, "SELECT groupArray(table), groupArray(total_replicas) FROM system.replicas WHERE database = ?", q.database.String()).Scan(&names, &replicas)
		if err == nil {
			err = q.QueryRow(ctx, "SELECT groupArray(name) FROM system.tables WHERE database = ? AND engine = 'Distributed'", q.database.String()).Scan(&spread)
		}
		if ex, ok := errors.AsType[*clickhouse.Exception](err); ok && proto.Error(ex.Code) == proto.ErrAccessDenied {
			err = nil // most of them, as everywhere; --clickhouse-quorum 1 says that there is one
		}
		if err != nil {
			return err
		}
		for i, name := range names {
			if n := int(replicas[i]); n == 1 || n > 2 && slices.Contains(spread, chschema.Spread+name) {
				q.needs[name] = n
			}
		}
	}
	q.until = time.Now().Add(quorumAge)
	return nil
}
