package chschema

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// answerBound is how long a host of a cluster has to answer before it is named as one
// that does not.
const answerBound = 5 * time.Second

// remembers begins what the comment of the table of migrations ends with: the name of
// the cluster that holds the database.
const remembers = "; on the ClickHouse cluster "

// host is one server of a cluster, connected to by itself: ON CLUSTER tells what a server
// was made to do, and not what it has.
type host struct {
	name           string // host:port, as the cluster's configuration has it
	conn           driver.Conn
	shard, replica string // its macros
}

// Silent is the error of a cluster some of whose servers do not answer.
type Silent struct {
	Cluster string
	Hosts   []string
	// Current says that the database has all migrations of this program, and no others: it
	// can be written to as it is.
	Current bool
}

// Error names the servers.
func (s *Silent) Error() string {
	return fmt.Sprintf("of the cluster %s these hosts do not answer: %s; nothing was changed", s.Cluster, strings.Join(s.Hosts, ", "))
}

// current says whether the database has all migrations, as far as the server asked knows.
func (o Options) current(ctx context.Context, conn Conn, known []migration) bool {
	engine, _, err := o.remembered(ctx, conn)
	if err != nil || engine == "" {
		return false
	}
	applied, err := applied(ctx, conn, o)
	return err == nil && reconcile(known, applied) == nil && len(applied) == len(known)
}

func closeAll(hosts []host) {
	for _, h := range hosts {
		if h.conn != nil {
			h.conn.Close()
		}
	}
}

// settle finds which cluster the database is on: the one that it remembers, or the one
// that is asked for. Another than the one remembered is refused,
// unless it has all its servers, too.
func (o Options) settle(ctx context.Context, conn Conn) (Options, error) {
	engine, cluster, err := o.remembered(ctx, conn)
	if err != nil {
		return o, err
	}
	if o.Cluster, err = macro(ctx, conn, o.Cluster); err != nil {
		return o, err
	}
	if engine == "" && o.Cluster == "" { // a new host, or one with a new disk
		cluster, err = o.ofPeers(ctx, conn)
		o.Cluster = cluster
		return o, err
	}
	if err := o.check(); err != nil { // a macro may hold anything
		return o, err
	}
	replicated := strings.HasPrefix(engine, "Replicated")
	switch {
	case cluster != "" && o.Cluster != "" && o.Cluster != cluster:
		if grown, err := contains(ctx, conn, o.Cluster, cluster); err != nil || grown {
			return o, err
		}
		return o, fmt.Errorf("the database is on the cluster %s, not on %s: leave --clickhouse-cluster out", cluster, o.Cluster)
	case cluster != "":
		o.Cluster = cluster
	case replicated && o.Cluster == "":
		return o, errors.New("the tables are replicated: name the cluster that holds them, --clickhouse-cluster")
	}
	return o, nil
}

// contains says whether a cluster has all servers of another.
func contains(ctx context.Context, conn Conn, whole, part string) (bool, error) {
	found, err := strs(ctx, conn, "SELECT toString(count()), toString(countIf((host_name, port) NOT IN (SELECT host_name, port FROM system.clusters WHERE cluster = ?)))"+
		" FROM system.clusters WHERE cluster = ?", whole, part)
	return err == nil && found[0][0] != "0" && found[0][1] == "0", err
}

// remembered is the engine of the table of migrations, "" if there is none, and the
// cluster that it remembers.
func (o Options) remembered(ctx context.Context, conn Conn) (engine, cluster string, err error) {
	found, err := strs(ctx, conn, "SELECT engine, comment FROM system.tables WHERE database = ? AND name = 'migrations'", o.Database.String())
	if err != nil || len(found) == 0 {
		return "", "", err
	}
	return found[0][0], ClusterOf(found[0][1]), nil
}

// macro is the name of a cluster: a name in braces is one of the server's macros.
func macro(ctx context.Context, conn Conn, name string) (string, error) {
	inner, ok := strings.CutPrefix(name, "{")
	if !ok {
		return name, nil
	}
	found, err := strs(ctx, conn, "SELECT getMacro(?)", strings.TrimSuffix(inner, "}"))
	if err != nil {
		return "", err
	}
	return found[0][0], nil
}

// ofPeers is the cluster that the database remembers on another host of one that the
// server is in; "" if none does. Hosts that do not answer are passed over.
func (o Options) ofPeers(ctx context.Context, conn Conn) (string, error) {
	if o.Server == nil {
		return "", nil
	}
	peers, err := strs(ctx, conn, "SELECT DISTINCT concat(host_name, ':', toString(port)) FROM system.clusters"+
		" WHERE NOT is_local AND cluster IN (SELECT cluster FROM system.clusters WHERE is_local)")
	if err != nil {
		return "", nil //nolint:nilerr // who may not see a cluster has to name it
	}
	for _, h := range o.connect(ctx, peers) {
		if h.conn == nil {
			continue
		}
		_, cluster, err := o.remembered(ctx, h.conn)
		h.conn.Close()
		if err != nil || cluster != "" {
			return cluster, err
		}
	}
	return "", nil
}

// hosts are all servers of the cluster, each of which has to answer and to be a replica
// of its own, or a statement would be carried out by some of them only.
func (o Options) hosts(ctx context.Context, conn Conn) ([]host, error) {
	names, err := strs(ctx, conn, "SELECT concat(host_name, ':', toString(port)) FROM system.clusters WHERE cluster = ? ORDER BY shard_num, replica_num", o.Cluster)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("the server does not know the cluster %s (system.clusters)", o.Cluster)
	}
	if o.Server == nil {
		return nil, errors.New("a cluster, and no way to connect to its hosts")
	}
	hosts := o.connect(ctx, names)
	if err := o.differ(ctx, hosts); err != nil {
		closeAll(hosts)
		return nil, err
	}
	return hosts, nil
}

// connect connects to hosts, all at once; conn is nil of those that do not answer.
func (o Options) connect(ctx context.Context, names [][]string) []host {
	ctx, cancel := context.WithTimeout(ctx, answerBound)
	defer cancel()
	hosts := make([]host, len(names))
	var wait sync.WaitGroup
	for i, name := range names {
		hosts[i].name = name[0]
		wait.Go(func() {
			if conn, err := o.Server(ctx, name[0]); err == nil {
				hosts[i].conn = conn
			}
		})
	}
	wait.Wait()
	return hosts
}

// differ names hosts that do not answer, and reads the macros of the others, which no
// two hosts may share.
func (o Options) differ(ctx context.Context, hosts []host) error {
	var silent []string
	for _, h := range hosts {
		if h.conn == nil {
			silent = append(silent, h.name)
		}
	}
	if len(silent) > 0 {
		return &Silent{Cluster: o.Cluster, Hosts: silent}
	}
	named := map[[2]string]string{}
	for i := range hosts {
		h := &hosts[i]
		found, err := strs(ctx, h.conn, "SELECT getMacro('shard'), getMacro('replica')")
		if err != nil {
			return fmt.Errorf("%s: its macros {shard} and {replica}: %w", h.name, err)
		}
		h.shard, h.replica = found[0][0], found[0][1]
		place := [2]string{h.shard, h.replica}
		if other, taken := named[place]; taken {
			return fmt.Errorf("%s and %s of the cluster %s have the same macros, {shard} %s and {replica} %s: every host is a replica of its own",
				other, h.name, o.Cluster, h.shard, h.replica)
		}
		named[place] = h.name
	}
	return nil
}

// remember keeps the cluster's name in the database, and lets the host that is asked
// catch up with the migrations that were applied.
func (o Options) remember(ctx context.Context, conn Conn) error {
	table := o.Database.Of("migrations")
	_, cluster, err := o.remembered(ctx, conn)
	if err == nil && cluster != o.Cluster {
		err = conn.Exec(ctx, "ALTER TABLE "+table+" ON CLUSTER '"+o.Cluster+"' MODIFY COMMENT '"+migrationsComment+remembers+o.Cluster+"'")
	}
	if err != nil {
		return err
	}
	return conn.Exec(ctx, "SYSTEM SYNC REPLICA "+table+" LIGHTWEIGHT")
}

// strs are the rows of a query of strings.
func strs(ctx context.Context, conn Conn, query string, args ...any) ([][]string, error) {
	rows, err := conn.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out [][]string
	for rows.Next() {
		line := make([]string, len(rows.Columns()))
		into := make([]any, len(line))
		for i := range line {
			into[i] = &line[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		out = append(out, line)
	}
	return out, rows.Err()
}
