package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	chschema "runrate/schemas/clickhouse"
)

// Bounds of what raising the gates may take.
const (
	// raiseBound is how long a flush waits for the replicas to have its rows. One that takes
	// longer is left to the loop.
	raiseBound = 5 * time.Second
	// raiseEvery is how often the loop looks at each replica.
	raiseEvery = 2 * time.Second
	// gateAge is how long it counts as known whether there are gates, and on which servers.
	gateAge = time.Minute
)

// gate keeps what each replica shows to what it has. Tables replicate apart: on a replica
// that was not in the quorum progress may be there before the rows that it vouches for.
// So there, the views show an as_of by a table of each server alone, into which goes the
// progress that the server had before it was told to fetch all rows of all other tables,
// and did.
//
// There are gates where there are replicas (chschema.Gate). Of two, most are both; but one
// with a new disk fetches its tables anew, one by one.
type gate struct {
	mu       sync.Mutex
	until    time.Time // when it has to be looked again
	replicas map[string]*replica
	closed   chan struct{} // by Close
	once     sync.Once     // that it is
	running  sync.WaitGroup
	begun    bool
}

// replica is one server and its gate.
type replica struct {
	address string
	turn    chan struct{} // held by who raises the gate
	conn    driver.Conn   // nil: not connected; under turn

	mu   sync.Mutex
	late bool // the last flush did not wait to the end
}

func (r *replica) isLate() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.late
}

func (r *replica) setLate(late bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.late = late
}

// show raises the gates of all replicas, after a flush. It waits for those that are not
// late already, and fails with none: what a replica does not have, it does not show.
func (s *Store) show(ctx context.Context) {
	if s.gate.closed == nil { // a store that was not opened writes nowhere
		return
	}
	replicas, err := s.gates(ctx)
	if err != nil {
		return // the loop, or the next flush, looks again; nothing is shown before
	}
	ctx, cancel := context.WithTimeout(ctx, raiseBound)
	defer cancel()
	var wait sync.WaitGroup
	for _, r := range replicas {
		if !r.isLate() {
			wait.Go(func() { r.setLate(s.raise(ctx, r) != nil) })
		}
	}
	wait.Wait()
}

// gates are the replicas that have one, none where they are not needed. The first time
// that there are some, the loop is begun.
func (s *Store) gates(ctx context.Context) (map[string]*replica, error) {
	g := &s.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Now().Before(g.until) {
		return g.replicas, nil
	}
	addresses, err := s.gated(ctx)
	if err != nil {
		return nil, err
	}
	all := map[string]*replica{}
	for _, address := range addresses {
		if all[address] = g.replicas[address]; all[address] == nil {
			all[address] = &replica{address: address, turn: make(chan struct{}, 1)}
		}
	}
	g.replicas, g.until = all, time.Now().Add(gateAge)
	if len(all) > 0 && !g.begun {
		g.begun = true
		g.running.Go(s.keepShowing)
	}
	return all, nil
}

// gated are the servers that have gates.
func (s *Store) gated(ctx context.Context) (addresses []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, raiseBound)
	defer cancel()
	var gates uint64
	var comment string
	err = s.conn.QueryRow(ctx, "SELECT countIf(name = ?), anyIf(comment, name = 'migrations') FROM system.tables WHERE database = ?",
		chschema.Gate, s.database.String()).Scan(&gates, &comment)
	if err != nil || gates == 0 {
		return nil, err
	}
	err = s.conn.QueryRow(ctx, "SELECT groupArray(concat(host_name, ':', toString(port))) FROM system.clusters WHERE cluster = ?", chschema.ClusterOf(comment)).Scan(&addresses)
	if ex, ok := errors.AsType[*clickhouse.Exception](err); ok && proto.Error(ex.Code) == proto.ErrAccessDenied {
		return s.options.Addr, nil // those that were named
	}
	return addresses, err
}

// keepShowing raises the gates of replicas that were late, and of all that were not told
// of a flush, until the store is closed.
func (s *Store) keepShowing() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var replicas sync.WaitGroup
	defer replicas.Wait()
	for {
		all, err := s.gates(ctx)
		for _, r := range all {
			if err == nil && len(r.turn) == 0 { // else somebody is at it
				replicas.Go(func() {
					bounded, cancel := context.WithTimeout(ctx, s.timeout)
					defer cancel()
					r.setLate(s.raise(bounded, r) != nil)
				})
			}
		}
		select {
		case <-s.gate.closed:
			cancel()
			return
		case <-time.After(raiseEvery):
		}
	}
}

// raise has a replica show all the progress that it has now, once it has the rows.
func (s *Store) raise(ctx context.Context, r *replica) error {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	err := s.raiseOn(ctx, r)
	if err != nil && r.conn != nil {
		r.conn.Close()
		r.conn = nil
	}
	return err
}

func (s *Store) raiseOn(ctx context.Context, r *replica) (err error) {
	if r.conn == nil {
		if r.conn, err = s.only(ctx, r.address); err != nil {
			r.conn = nil
			return err
		}
	}
	sync := func(table string) error {
		return r.conn.Exec(ctx, "SYSTEM SYNC REPLICA "+s.database.Of(table)+" LIGHTWEIGHT")
	}
	if err := sync(progress.name()); err != nil {
		return err
	}
	gate := s.database.Of(chschema.Gate)
	var values []string
	err = s.queryOn(ctx, r.conn, func(scan func(...any) error) error {
		var topic string
		var epoch uint32
		var partition int32
		var clock int64
		var ticked uint8
		var version uint64
		if err := scan(&topic, &epoch, &partition, &clock, &ticked, &version); err != nil {
			return err
		}
		values = append(values, fmt.Sprintf("('%s', %d, %d, fromUnixTimestamp64Micro(toInt64(%d), 'UTC'), %d, %d)", topic, epoch, partition, clock, ticked, version))
		return nil
	}, `SELECT topic, epoch, partition, toUnixTimestamp64Micro(clock), ticked, version FROM `+s.database.Of(progress.name())+` FINAL
WHERE (topic, epoch, partition, version) NOT IN (SELECT topic, epoch, partition, version FROM `+gate+`)`)
	if err != nil || len(values) == 0 {
		return err
	}
	for _, table := range append(slices.Sorted(maps.Keys(keyed)), entries, "definition_versions", "mrr_status_versions") {
		if err := sync(table); err != nil {
			return err
		}
	}
	return r.conn.Exec(ctx, "INSERT INTO "+gate+" (topic, epoch, partition, clock, ticked, version) VALUES "+strings.Join(values, ", "))
}

// close ends the loop and the connections.
func (g *gate) close() {
	g.once.Do(func() { close(g.closed) })
	g.running.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range g.replicas {
		r.turn <- struct{}{}
		if r.conn != nil {
			r.conn.Close()
			r.conn = nil
		}
		<-r.turn
	}
}
