package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/event"
	"runrate/internal/fault"
	"runrate/internal/stream"
)

// EventKey is an event to look for. The account and the time lead to the few
// rows where it can be; the identity decides.
type EventKey struct {
	Account  event.Account
	Time     event.Time
	Identity [16]byte // event.Event.Identity
}

// ledgers are the tables that hold the accepted events.
var ledgers = stream.ByKind(usageEvents.name(), subscriptionChanges.name())

func ledgerOf(source stream.Source) string { return ledgers.Of(source.Topic.Kind()) }

// seenKeys bounds the keys of one query: about 5 MB on the wire.
const seenKeys = 50_000

// Seen says which of the keys' identities belong to an event that the source
// accepted below the offset before. Rows at or above it, which a worker that
// was faster or that came back from the dead may have written, do not count: so
// the answer is a function of the log below before, whose rows were written
// before that offset was committed.
func (s *Store) Seen(ctx context.Context, epoch uint32, source stream.Source, keys []EventKey, before stream.Offset) (map[[16]byte]struct{}, error) {
	found := map[[16]byte]struct{}{}
	if len(keys) == 0 {
		return found, nil
	}
	op := fmt.Sprintf("look up %d identities of %s before offset %d, epoch %d", len(keys), source, before, epoch)
	of, err := s.shardOf(ctx, epoch, source)
	if err != nil {
		return nil, failure(ctx, op, err)
	}
	err = s.readOwnOf(ctx, of, ledgerOf(source), func(conn driver.Conn) error {
		for part := range slices.Chunk(keys, seenKeys) {
			if err := s.seenIn(ctx, conn, epoch, source, part, before, found); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, failure(ctx, op, err)
	}
	return found, nil
}

func (s *Store) seenIn(ctx context.Context, conn driver.Conn, epoch uint32, source stream.Source, keys []EventKey, before stream.Offset, found map[[16]byte]struct{}) error {
	wanted, err := ext.NewTable("wanted",
		ext.Column("hour", "DateTime('UTC')"), ext.Column("account", "String"), ext.Column("identity", "FixedString(16)"))
	if err != nil {
		return err
	}
	c := new(chunk)
	c.begin([]string{"hour", "account", "identity"})
	for _, k := range keys {
		c.seconds(k.Time - k.Time%event.Hour)
		c.text(string(k.Account))
		c.identity(k.Identity)
		if err := c.endRow(); err != nil {
			return &Error{Op: "look up an identity", Kind: fault.Defect, Err: err}
		}
	}
	for i, col := range wanted.Block().Columns {
		if err := c.columns[i].load(col, c.rows, &c.reader); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	// No FINAL: any version of the row says that the event was accepted.
	r, err := conn.Query(clickhouse.Context(ctx, clickhouse.WithExternalTable(wanted)), fmt.Sprintf(`
SELECT DISTINCT identity
FROM %s
WHERE epoch = %d AND partition = %d AND version < %d
  AND (toStartOfHour(time), account) IN (SELECT hour, account FROM wanted)
  AND identity IN (SELECT identity FROM wanted)`, s.database.Of(ledgerOf(source)), epoch, source.Partition, before))
	if err != nil {
		return err
	}
	defer r.Close()
	for r.Next() {
		var identity [16]byte
		if err := r.Scan(&identity); err != nil {
			return err
		}
		found[identity] = struct{}{}
	}
	return r.Err()
}

// Known is the identity and the time of an accepted event.
type Known struct {
	Identity [16]byte
	Time     event.Time
}

// Recent streams the accepted events of a source with time at or after since
// and an offset below before, to fill a fold's memory after a restart. One may
// come more than once, in no order. An error ends the sequence.
func (s *Store) Recent(ctx context.Context, epoch uint32, source stream.Source, since event.Time, before stream.Offset) iter.Seq2[Known, error] {
	return func(yield func(Known, error) bool) {
		of, err := s.shardOf(ctx, epoch, source)
		if err != nil {
			yield(Known{}, failure(ctx, "find the shard of "+source.String(), err))
			return
		}
		err = s.readOwnOf(ctx, of, ledgerOf(source), func(conn driver.Conn) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel() // an early end of the loop ends the query
			r, err := conn.Query(ctx, fmt.Sprintf(`
SELECT identity, toUnixTimestamp64Micro(time)
FROM %s
WHERE epoch = %d AND partition = %d AND version < %d AND time >= fromUnixTimestamp64Micro(%d, 'UTC')`,
				s.database.Of(ledgerOf(source)), epoch, source.Partition, before, since))
			if err != nil {
				return err
			}
			defer r.Close()
			for r.Next() {
				var k Known
				var micros int64
				if err := r.Scan(&k.Identity, &micros); err != nil {
					return err
				}
				k.Time = event.Time(micros)
				if !yield(k, nil) {
					return errStopped
				}
			}
			return r.Err()
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(Known{}, failure(ctx, fmt.Sprintf("read the events of %s from %s before offset %d, epoch %d", source, since, before, epoch), err))
		}
	}
}

// errStopped ends a read whose reader has enough.
var errStopped = errors.New("stopped")
