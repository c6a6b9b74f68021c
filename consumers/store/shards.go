package store

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/fault"
	"runrate/internal/stream"
	chschema "runrate/schemas/clickhouse"
)

// shard is servers that hold the same rows, and the ways to them.
type shard struct {
	conn  driver.Conn // a pool
	hosts *hosts      // that conn goes to
	own   ownRows
}

// newShard is the servers of the options. It connects to none yet.
func newShard(options *clickhouse.Options, database chschema.Database, wanted int) (*shard, error) {
	servers, pooled := among(options)
	conn, err := clickhouse.Open(pooled)
	if err != nil {
		return nil, err
	}
	own, one := among(options) // its own, since a server that is behind still takes rows
	one.MaxOpenConns, one.MaxIdleConns = 1, 1
	pinned, err := clickhouse.Open(one)
	if err != nil {
		return nil, err
	}
	return &shard{
		conn:  &quorum{Conn: conn, database: database, wanted: wanted},
		hosts: servers,
		own:   ownRows{pinned: &quorum{Conn: pinned, database: database, wanted: wanted}, hosts: own},
	}, nil
}

func (s *shard) close() (errs []error) {
	return []error{s.conn.Close(), s.own.pinned.Close()}
}

// placement is which shards rows are on: those of partition p of an epoch on the shard
// p % n, where n is in the epoch's record. On one shard, or a single server, that is the
// servers that the store was opened for.
type placement struct {
	mu    sync.Mutex
	until time.Time // while it counts as known that rows are not spread
	all   []*shard  // of the cluster, in the order of its configuration; nil: not spread
	of    map[placed]int
}

type placed struct {
	topic stream.Kind
	epoch uint32
}

// notSpreadAge is how long it counts as known that rows are on one shard.
const notSpreadAge = time.Minute

// shards are all shards of the cluster, the only one where rows are not spread.
func (s *Store) shards(ctx context.Context) ([]*shard, error) {
	p := &s.placement
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all != nil {
		return p.all, nil
	}
	if s.gate.closed == nil || time.Now().Before(p.until) {
		return []*shard{s.shard}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var spread uint64
	var comment string
	err := s.conn.QueryRow(ctx, "SELECT countIf(name = ?), anyIf(comment, name = 'migrations') FROM system.tables WHERE database = ?",
		chschema.Spread+progress.name(), s.database.String()).Scan(&spread, &comment)
	if err != nil {
		return nil, err
	}
	if spread == 0 {
		p.until = time.Now().Add(notSpreadAge)
		return []*shard{s.shard}, nil
	}
	p.all, err = s.ofCluster(ctx, chschema.ClusterOf(comment))
	return p.all, err
}

// ofCluster are the shards of a cluster by its configuration.
func (s *Store) ofCluster(ctx context.Context, cluster string) (all []*shard, err error) {
	err = s.queryOn(ctx, s.conn, func(scan func(...any) error) error {
		var addresses []string
		if err := scan(&addresses); err != nil {
			return err
		}
		options := *s.options
		options.Addr = addresses
		one, err := newShard(&options, s.database, s.wanted)
		all = append(all, one)
		return err
	}, `SELECT groupArray(address) FROM (SELECT shard_num, concat(host_name, ':', toString(port)) AS address FROM system.clusters
WHERE cluster = ? ORDER BY shard_num, replica_num) GROUP BY shard_num ORDER BY shard_num`, cluster)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("the server does not know the cluster %s", cluster)
	}
	return all, err
}

// shardsOf are the shards that the rows of an epoch are on, in the order of partitions.
func (s *Store) shardsOf(ctx context.Context, epoch uint32, topic stream.Topic) ([]*shard, error) {
	all, err := s.shards(ctx)
	if err != nil || len(all) < 2 {
		return all, err
	}
	n, err := s.placed(ctx, epoch, topic.Kind())
	if err != nil {
		return nil, err
	}
	if err := Misplaced(n, len(all)); err != nil {
		return nil, &Error{Op: fmt.Sprintf("find the rows of epoch %d of %s", epoch, topic), Kind: fault.Setup, Err: err}
	}
	return all[:n], nil
}

// Misplaced is why rows that are spread over so many shards cannot be reached where there
// are others; nil if they can.
func Misplaced(placed, there int) error {
	if placed <= there {
		return nil
	}
	return fmt.Errorf("its rows are placed on %d shards, by partition %% %d, and ClickHouse has %d", placed, placed, there)
}

// WithShards are settings of an epoch whose rows are spread over so many shards: so no
// program folds it on that does not know of shards.
func WithShards(settings string, shards int) string {
	if shards < 2 {
		return settings
	}
	return strings.TrimPrefix(fmt.Sprintf("%s; on %d shards", settings, shards), "; ")
}

var shardsIn = regexp.MustCompile(`(?:^|; )on (\d+) shards(?:; |$)`)

// ShardsIn is how many shards such settings say, 1 if they say nothing of them.
func ShardsIn(settings string) int {
	if m := shardsIn.FindStringSubmatch(settings); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil && n > 0 {
			return n
		}
	}
	return 1
}

// learn is told over how many shards an epoch is spread. Where there were none when it
// was looked, it is looked again at once.
func (s *Store) learn(shards int) {
	s.placement.mu.Lock()
	defer s.placement.mu.Unlock()
	if shards > 1 && s.placement.all == nil {
		s.placement.until = time.Time{}
	}
}

// Shards is how many shards the rows of an epoch that is opened now are spread over.
func (s *Store) Shards(ctx context.Context) (int, error) {
	all, err := s.shards(ctx)
	if err != nil {
		return 0, failure(ctx, "count the shards", err)
	}
	return len(all), nil
}

// placed is over how many shards an epoch is spread, by its record.
func (s *Store) placed(ctx context.Context, epoch uint32, topic stream.Kind) (int, error) {
	key := placed{topic, epoch}
	s.placement.mu.Lock()
	n := s.placement.of[key]
	s.placement.mu.Unlock()
	if n > 0 {
		return n, nil
	}
	var opened uint64
	var settings string
	err := s.queryOwn(ctx, entries, fmt.Sprintf("read the placement of epoch %d of %s", epoch, topic.Topic()),
		func(scan func(...any) error) error { return scan(&opened, &settings) },
		`SELECT count(), any(settings) FROM `+s.database.Of(entries)+` WHERE topic = ? AND epoch = ? AND entry = 'opened'`, topic.Topic().String(), epoch)
	n = ShardsIn(settings)
	if err == nil && opened > 0 {
		s.placement.mu.Lock()
		defer s.placement.mu.Unlock()
		if s.placement.of == nil {
			s.placement.of = map[placed]int{}
		}
		s.placement.of[key] = n
	}
	return n, err
}

// shardOf is the shard of a source's rows.
func (s *Store) shardOf(ctx context.Context, epoch uint32, source stream.Source) (*shard, error) {
	all, err := s.shardsOf(ctx, epoch, source.Topic)
	if err != nil {
		return nil, err
	}
	return all[int(source.Partition)%len(all)], nil
}

// overShards is a query that reads the tables of all shards, where there are several. What
// cannot be found out is found out by the query itself.
func (s *Store) overShards(ctx context.Context, query string) string {
	if all, err := s.shards(ctx); err != nil || len(all) < 2 {
		return query
	}
	return chschema.OverShards(query)
}
