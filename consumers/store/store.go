// Package store is the worker's side of ClickHouse: it writes the rows of a
// flush and reads back what a fold needs to go on after a restart.
//
// Write inserts absolute values under the version that each row carries, so
// writing again, late, or twice changes nothing. Progress is written last: a
// view shows an as_of only once the progress that passed it is there.
//
// Start at Open, then Write. Every error is an *Error, whose Kind says whether
// to wait and try again.
package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/fault"
	"runrate/internal/tlsfiles"
	chschema "runrate/schemas/clickhouse"
)

// Options say where ClickHouse is. Zero values mean the defaults named.
type Options struct {
	// Address is host:port, several of them with commas, or a clickhouse://
	// DSN (clickhouse://user:password@host:9440/?secure=true). Native protocol.
	Address  string
	Database string            // chschema.DefaultDatabase. A database in the DSN does not count.
	User     string            // instead of the DSN's
	Password string            // instead of the DSN's
	TLS      tlsfiles.Settings // as well as what the DSN says of it

	// Inserts is how many inserts run at a time, each holding up to ChunkRows
	// rows in memory: 4.
	Inserts int
	// ChunkRows and ChunkBytes bound one INSERT, whichever comes first:
	// 200,000 rows or 64 MiB before compression.
	ChunkRows  int
	ChunkBytes int
	// Timeout bounds one INSERT or one query: a minute.
	Timeout time.Duration
	// Quorum is how many replicas must have a row before it counts as written, 1 or
	// more; 0: most of those that the tables have. Single servers take no notice.
	Quorum int
}

// Store is a pool of connections. It is safe for concurrent use.
type Store struct {
	*shard     // the servers that it was opened for
	placement  placement
	database   chschema.Database
	chunkRows  int
	chunkBytes int
	timeout    time.Duration
	inserts    chan *chunk // free chunks; one is held while an insert runs
	flushes    flushes
	gate       gate
	discards   bool // see Discard
	options    *clickhouse.Options
	wanted     int // replicas that have to have a row
}

// Open connects and checks that the server answers. It does not create the
// schema: see package runrate/schemas/clickhouse.
func Open(ctx context.Context, o Options) (*Store, error) {
	o = o.withDefaults()
	database, err := chschema.ParseDatabase(o.Database)
	if err != nil {
		return nil, &Error{Op: "open ClickHouse", Kind: fault.Setup, Hint: "--clickhouse-database", Err: err}
	}
	options, err := clickhouseOptions(o)
	if err != nil {
		return nil, &Error{Op: "open ClickHouse", Kind: fault.Setup, Err: err}
	}
	first, err := newShard(options, database, o.Quorum)
	if err != nil {
		return nil, &Error{Op: "open ClickHouse", Kind: fault.Setup, Err: err}
	}
	s := &Store{
		shard:      first,
		database:   database,
		chunkRows:  o.ChunkRows,
		chunkBytes: o.ChunkBytes,
		timeout:    o.Timeout,
		options:    options,
		wanted:     o.Quorum,
		inserts:    make(chan *chunk, o.Inserts),
	}
	s.gate.closed = make(chan struct{})
	for range o.Inserts {
		s.inserts <- new(chunk)
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	if err := s.conn.Ping(ctx); err != nil {
		s.Close()
		return nil, unreached(options, err)
	}
	return s, nil
}

// Close closes the connections; what is under way fails.
func (s *Store) Close() error {
	s.gate.close()
	errs := s.shard.close()
	s.placement.mu.Lock()
	defer s.placement.mu.Unlock()
	for _, one := range s.placement.all {
		errs = append(errs, one.close()...)
	}
	return errors.Join(errs...)
}

// Conn is the connection pool, for what has no method here (reports).
func (s *Store) Conn() driver.Conn { return s.conn }

// Database is the database of the tables and views.
func (s *Store) Database() chschema.Database { return s.database }

// Ping says whether the server answers.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if err := s.conn.Ping(ctx); err != nil {
		return &Error{Op: "ping", Kind: kindOf(err), Err: err}
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.Inserts <= 0 {
		o.Inserts = 4
	}
	if o.ChunkRows <= 0 {
		o.ChunkRows = 200_000
	}
	if o.ChunkBytes <= 0 {
		o.ChunkBytes = 64 << 20
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	o.Quorum = max(o.Quorum, 0)
	return o
}

func clickhouseOptions(o Options) (*clickhouse.Options, error) {
	options := &clickhouse.Options{Addr: strings.Split(o.Address, ",")}
	if strings.Contains(o.Address, "://") {
		parsed, err := clickhouse.ParseDSN(o.Address)
		if err != nil {
			// Not err itself, which may quote the password.
			return nil, errors.New("the DSN does not parse; clickhouse://user:password@host:port/?secure=true is one (--clickhouse, RUNRATE_CLICKHOUSE), with % and the like as %25")
		}
		if parsed.Protocol != clickhouse.Native {
			scheme, _, _ := strings.Cut(o.Address, "://")
			return nil, fmt.Errorf("the DSN begins with %s://; it must be clickhouse:// and name the native port, 9000, or 9440 with TLS (--clickhouse, RUNRATE_CLICKHOUSE)", scheme)
		}
		options = parsed
	}
	for _, a := range options.Addr {
		if _, port, err := net.SplitHostPort(a); err != nil || port == "" || strings.Contains(a, "@") {
			return nil, fmt.Errorf("address %q is not host:port (--clickhouse, RUNRATE_CLICKHOUSE)", Redact(a))
		}
	}
	options.Auth.Database = "" // it need not exist yet; every statement names its own
	if o.User != "" {
		options.Auth.Username = o.User
	}
	if o.Password != "" {
		options.Auth.Password = o.Password
	}
	if options.DialTimeout == 0 {
		options.DialTimeout = min(10*time.Second, o.Timeout)
	}
	if err := secure(options, o.TLS); err != nil {
		return nil, err
	}
	options.ReadTimeout = max(options.ReadTimeout, o.Timeout)
	options.MaxOpenConns = max(options.MaxOpenConns, o.Inserts+4) // reads beside the inserts
	options.MaxIdleConns = max(options.MaxIdleConns, o.Inserts)
	if options.Compression == nil {
		options.Compression = &clickhouse.Compression{Method: compression(options.Addr)}
	}
	options.ClientInfo.Products = append(options.ClientInfo.Products, struct{ Name, Version string }{"runrate", "1"})
	if options.Settings == nil {
		options.Settings = clickhouse.Settings{}
	}
	maps.Copy(options.Settings, pinned)
	// Well before the client's own bound, so that the server says what it waits for.
	options.Settings["insert_quorum_timeout"] = (o.Timeout / 3).Milliseconds()
	return options, nil
}

// compression is that of blocks on their way, where the DSN names none. What stays on this
// machine is not worth the CPU time.
func compression(addresses []string) clickhouse.CompressionMethod {
	for _, a := range addresses {
		host, _, _ := net.SplitHostPort(a)
		if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
			return clickhouse.CompressionLZ4
		}
	}
	return clickhouse.CompressionNone
}

// pinned are the session settings that exactness rests on; a DSN cannot
// override them. All of them are known to servers from 23.x on.
var pinned = clickhouse.Settings{
	"async_insert":          0, // an acknowledgement means: in the table
	"wait_for_async_insert": 1, // and where a profile forces async_insert, wait
	// Rows carry versions: one that is written again must land. The tables say
	// so, too, for servers whose deduplicate_insert goes before this setting.
	"insert_deduplicate": 0,
	// A flush has each key once (sim holds it), so merging a block row by row before
	// it is written would change nothing, and cost half of the CPU of an insert.
	"optimize_on_insert": 0,
	// History folded in one go spans more months than the default of 100.
	"max_partitions_per_insert_block": 0,
	// Where tables are replicated, a committed offset must outlive any one of
	// the replicas; single servers take no notice. See quorum for one replica.
	"insert_quorum":          "auto",
	"insert_quorum_parallel": 1,
}

// Redact is an address without what may be a password, for messages.
func Redact(address string) string {
	if u, err := url.Parse(address); err == nil && u.User != nil {
		return u.Redacted()
	}
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return "…" + address[i:]
	}
	return address
}
