package chschema

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
)

// dropBound is how long the keeper may take to see that a server is gone: its session
// lasts some seconds longer.
const dropBound = 40 * time.Second

// made is a table that a host has.
type made struct {
	engine string // with its arguments, the path of a replicated table among them
	create string // the statement that makes it as it is
}

// equalise makes on each host the tables that it lacks, as one that is new or has a new
// disk does, as another host has them. Migrations cannot do that: they are done once, and
// what a later one renames an earlier one would make again. Tables that are not the same
// everywhere are refused before anything is made. It returns what was made, by host.
func (o Options) equalise(ctx context.Context, hosts []host) (map[string]int, error) {
	has := make([]map[string]made, len(hosts))
	for i, h := range hosts {
		found, err := strs(ctx, h.conn, "SELECT name, engine_full, create_table_query FROM system.tables WHERE database = ? AND engine LIKE '%MergeTree'", o.Database.String())
		if err != nil {
			return nil, fmt.Errorf("%s: its tables: %w", h.name, err)
		}
		has[i] = map[string]made{}
		for _, t := range found {
			if t[0] == Gate { // of each server alone
				continue
			}
			has[i][t[0]] = made{t[1], t[2]}
		}
	}
	owner, err := o.compared(hosts, has)
	if err != nil {
		return nil, err
	}
	lacked := map[string]int{}
	for i, h := range hosts {
		for _, name := range slices.Sorted(maps.Keys(owner)) {
			if _, there := has[i][name]; there {
				continue
			}
			from := owner[name]
			if err := o.makeTable(ctx, h, hosts[from], name, has[from][name]); err != nil {
				return lacked, fmt.Errorf("%s: make table %s as %s has it: %w", h.name, name, hosts[from].name, err)
			}
			lacked[h.name]++
		}
	}
	return lacked, nil
}

// compared is, by table, the index of the first host that has it. All that have it have
// to have it alike, and replicated.
func (o Options) compared(hosts []host, has []map[string]made) (map[string]int, error) {
	owner := map[string]int{}
	for i, h := range hosts {
		for _, name := range slices.Sorted(maps.Keys(has[i])) {
			t := has[i][name]
			if !strings.HasPrefix(t.engine, "Replicated") {
				return nil, fmt.Errorf("%s has the table %s on its own, not on the cluster %s (%s): no database is both; "+
					"move that one away there (RENAME DATABASE), and migrate again", h.name, name, o.Cluster, head(t.engine))
			}
			if err := o.apart(h, name, t.engine); err != nil {
				return nil, err
			}
			first, seen := owner[name]
			if !seen {
				owner[name] = i
			} else if other := has[first][name]; other.engine != t.engine {
				return nil, fmt.Errorf("%s and %s have different tables %s: %s, and %s", hosts[first].name, h.name, name, head(other.engine), head(t.engine))
			}
		}
	}
	return owner, nil
}

// head is an engine with its arguments and without its keys.
func head(engine string) string {
	cut, _, _ := strings.Cut(engine, " PARTITION BY ")
	cut, _, _ = strings.Cut(cut, " ORDER BY ")
	return cut
}

// replicaName is what the keeper calls a host's replica of a table.
var replicaName = regexp.MustCompile(`^Replicated\w+\('[^']*', '([^']*)'`)

// makeTable makes a table on a host. Where the keeper still has the replica of a disk
// that is gone, that is taken out first, by a host that has the table: the keeper refuses
// it for one that is alive, and for some seconds for one that was.
func (o Options) makeTable(ctx context.Context, h, from host, name string, t made) error {
	named := replicaName.FindStringSubmatch(t.engine)
	if named == nil {
		return fmt.Errorf("its replica has no name: %s", head(t.engine))
	}
	replica := strings.NewReplacer("{shard}", h.shard, "{replica}", h.replica).Replace(named[1])
	var last error
	for deadline := time.Now().Add(dropBound); time.Now().Before(deadline); {
		if last = h.conn.Exec(ctx, t.create); code(last) != proto.ErrReplicaAlreadyExists {
			return last
		}
		err := from.conn.Exec(ctx, "SYSTEM DROP REPLICA '"+replica+"' FROM TABLE "+o.Database.Of(name))
		if err == nil {
			err = h.conn.Exec(ctx, t.create)
		}
		if code(err) != proto.ErrTableWasNotDropped && code(err) != proto.ErrReplicaAlreadyExists {
			return err
		}
		last = err
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return fmt.Errorf("the keeper has a replica %s of it already: %w", replica, last)
}

func code(err error) proto.Error {
	if ex, ok := errors.AsType[*clickhouse.Exception](err); ok {
		return proto.Error(ex.Code)
	}
	return 0
}
