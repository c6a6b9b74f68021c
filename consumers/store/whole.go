package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/fault"
	"runrate/internal/stream"
)

// wrote is the last flush that wrote rows of a partition to a table: how many, and the
// least of their versions. Rows of the flushes before it have lower versions.
type wrote struct {
	Since int64 `json:"since"`
	Rows  int64 `json:"rows"`
}

// vouched is what progress vouches for, by table.
type vouched map[string]wrote

// flushes know what the progress of each partition vouches for, so that the next one
// does, too.
type flushes struct {
	mu  sync.Mutex
	all map[partition]vouched
}

type partition struct {
	epoch  uint32
	source stream.Source
}

func (f *flushes) of(p partition) vouched {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all[p]
}

func (f *flushes) set(p partition, v vouched) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[partition]vouched{}
	}
	f.all[p] = v
}

// keyed are the tables that progress vouches for, all but its own, and whether they have a
// column for the topic.
var keyed = map[string]bool{
	usageEvents.name(): usageEvents.has("topic"), usagePanes.name(): usagePanes.has("topic"),
	rollingRevenue.name(): rollingRevenue.has("topic"), activeAccounts.name(): activeAccounts.has("topic"),
	accountDays.name(): accountDays.has("topic"), firsts.name(): firsts.has("topic"),
	subscriptionChanges.name(): subscriptionChanges.has("topic"), subscriptions.name(): subscriptions.has("topic"),
	movements.name(): movements.has("topic"), recurring.name(): recurring.has("topic"), netNew.name(): netNew.has("topic"), late.name(): late.has("topic"),
	deadLetters.name(): deadLetters.has("topic"), controls.name(): controls.has("topic"),
}

func (t table[R]) has(column string) bool { return slices.Contains(t.columns, column) }

// Whole looks whether the tables hold what the progress of a partition vouches for. They
// do not where they were restored from a backup that was not taken of all at one
// instant: progress is then newer than some of them. It returns the offset up to
// which all tables certainly hold all rows, which is at most next: the caller goes on
// from a state at or before it.
//
// A worker calls it before it goes on from progress at next; what it finds goes along
// with the writes that follow.
func (s *Store) Whole(ctx context.Context, epoch uint32, source stream.Source, next stream.Offset) (stream.Offset, error) {
	op := fmt.Sprintf("look whether all tables hold what progress of %s, epoch %d, vouches for", source, epoch)
	var text string
	of, err := s.shardOf(ctx, epoch, source)
	if err != nil {
		return 0, failure(ctx, op, err)
	}
	err = s.readOwnOf(ctx, of, progress.name(), func(conn driver.Conn) error {
		return s.queryOn(ctx, conn, func(scan func(...any) error) error { return scan(&text) },
			`SELECT wrote FROM `+s.database.Of(progress.name())+` FINAL WHERE topic = ? AND epoch = ? AND partition = ?`, source.Topic.String(), epoch, source.Partition)
	})
	if err != nil {
		return 0, failure(ctx, op, err)
	}
	v := vouched{}
	if text != "" { // else it was written by a program that did not vouch
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			return 0, &Error{Op: op, Kind: fault.Defect, Err: err}
		}
	}
	for table, last := range v {
		holds, top, err := s.holds(ctx, of, partition{epoch, source}, table, last)
		if err != nil {
			return 0, failure(ctx, op, err)
		}
		if holds < last.Rows {
			next = min(next, top)
		}
	}
	s.flushes.set(partition{epoch, source}, v)
	s.show(ctx) // what was written by another, who may be gone
	return next, nil
}

// holds is how many rows of a flush or later a table holds, and the highest version
// of all of the partition; 0 if it has none. Rows that were written twice count once.
func (s *Store) holds(ctx context.Context, of *shard, p partition, table string, last wrote) (held int64, top stream.Offset, err error) {
	topic, known := keyed[table]
	if !known {
		return 0, 0, &Error{Op: "read " + table, Kind: fault.Defect, Err: fmt.Errorf("progress vouches for it, and this program does not know it: it is of a later version")}
	}
	where, args := "epoch = ? AND partition = ?", []any{last.Since, p.epoch, p.source.Partition}
	if topic {
		where, args = where+" AND topic = ?", append(args, p.source.Topic.String())
	}
	err = s.readOwnOf(ctx, of, table, func(conn driver.Conn) error {
		return s.queryOn(ctx, conn, func(scan func(...any) error) error {
			var count, version uint64
			if err := scan(&count, &version); err != nil {
				return err
			}
			held, top = int64(count), stream.Offset(version)
			return nil
		}, `SELECT uniqExactIf(sipHash128(*), version >= ?), max(version) FROM `+s.database.Of(table)+` WHERE `+where, args...)
	})
	return held, top, err
}

// tally is what one Write has written so far.
type tally struct {
	mu    sync.Mutex
	wrote vouched
}

func (t *tally) add(table string, since stream.Offset, count int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wrote[table] = wrote{int64(since), count}
}

// after is what progress vouches for after this flush.
func (t *tally) after(before vouched) vouched {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := vouched{}
	for _, v := range []vouched{before, t.wrote} {
		for table, w := range v {
			if _, known := keyed[table]; known { // progress does not vouch for itself
				all[table] = w
			}
		}
	}
	return all
}

// text is as it is kept; "" for nothing.
func (v vouched) text() string {
	if len(v) == 0 {
		return ""
	}
	b, _ := json.Marshal(v) // nothing but names and integers
	return string(b)
}
