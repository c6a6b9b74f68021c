package chschema

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Spread begins the name of the table over all shards of one that holds rows by source
// partition, on a cluster of several shards.
const Spread = "all_"

var versioned = regexp.MustCompile(`\.(\w+_versions)\b`)

// OverShards is a query that reads the tables of all shards, where it names those of one,
// with their database before them. FINAL of each shard is right: what it collapses has
// the source partition in its key, or an account, which is on one partition; and all rows
// of a partition and epoch are on one shard.
func OverShards(query string) string {
	return versioned.ReplaceAllStringFunc(query, func(name string) string {
		if everywhere[name[1:]] {
			return name
		}
		return "." + Spread + name[1:]
	})
}

// IsSpread says whether the rows of a database are spread over shards.
func IsSpread(ctx context.Context, conn driver.Conn, database Database) (bool, error) {
	var n uint64
	err := conn.QueryRow(ctx, "SELECT count() FROM system.tables WHERE database = ? AND name = ?", database.String(), Spread+"progress_versions").Scan(&n)
	return n > 0, err
}

// spread makes the tables over all shards again. They hold nothing.
func (o Options) spread(ctx context.Context, conn Conn) error {
	if o.shards < 2 {
		return nil
	}
	tables, err := strs(ctx, conn, "SELECT name FROM system.tables WHERE database = ? AND engine LIKE 'Replicated%' AND name LIKE '%\\_versions'", o.Database.String())
	if err != nil {
		return err
	}
	for _, t := range tables {
		if everywhere[t[0]] {
			continue
		}
		err := conn.Exec(ctx, fmt.Sprintf("CREATE OR REPLACE TABLE %s ON CLUSTER '%s' AS %s ENGINE = Distributed('%s', '%s', '%s')",
			o.Database.Of(Spread+t[0]), o.Cluster, o.Database.Of(t[0]), o.Cluster, o.Database, t[0]))
		if err != nil {
			return fmt.Errorf("%s over the shards: %w", t[0], err)
		}
	}
	return nil
}

// count counts the shards. What {shard} is called is nobody's business: elsewhere a shard
// is its number in the cluster's configuration.
func (o Options) count(hosts []host) Options {
	names := map[string]bool{}
	for _, h := range hosts {
		names[h.shard] = true
	}
	o.shards = len(names)
	return o
}

// apart refuses a table of one shard that would be the same on all of them.
func (o Options) apart(h host, name, engine string) error {
	if o.shards < 2 || strings.Contains(engine, "/{shard}/") || everywhere[name] {
		return nil
	}
	return fmt.Errorf("%s has the table %s from before there were shards, with no {shard} in its path (%s): make another database (--clickhouse-database) "+
		"on the cluster %s and fold the topics into it", h.name, name, head(engine), o.Cluster)
}
