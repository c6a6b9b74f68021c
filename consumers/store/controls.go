package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// InForce is what is in force of a source under an epoch just before an offset: of
// each kind the last control record of a lower one. What an epoch that is older than
// their table folded before there was one is not known.
func (s *Store) InForce(ctx context.Context, epoch uint32, source stream.Source, before stream.Offset) ([]rows.Control, error) {
	of, err := s.shardOf(ctx, epoch, source)
	if err != nil {
		return nil, err
	}
	return s.controls(ctx, []*shard{of}, fmt.Sprintf("read what is in force at %s@%d, epoch %d", source, before, epoch),
		"topic = ? AND epoch = ? AND partition = ? AND offset < ?", "offset",
		source.Topic.String(), epoch, source.Partition, int64(before))
}

// Elsewhere is what the partitions of a topic knew to be in force under an epoch
// from records that were written before an instant: of each kind the latest.
func (s *Store) Elsewhere(ctx context.Context, epoch uint32, topic stream.Topic, before event.Time) ([]rows.Control, error) {
	of, err := s.shardsOf(ctx, epoch, topic)
	if err != nil {
		return nil, err
	}
	return s.controls(ctx, of, fmt.Sprintf("read what is in force in %s, epoch %d, before %s", topic, epoch, before),
		"topic = ? AND epoch = ? AND recorded_at < fromUnixTimestamp64Micro(?, 'UTC')", "(time, recorded_at)",
		topic.String(), epoch, int64(before))
}

// controls are the control records where a condition holds, of each kind the last by time,
// on all of the shards.
func (s *Store) controls(ctx context.Context, on []*shard, op, where, last string, args ...any) ([]rows.Control, error) {
	value := func(column string) string { return "argMax(" + column + ", " + last + ")" }
	columns := []string{value("offset"), "toUnixTimestamp64Micro(" + value("time") + ")", "toUnixTimestamp64Micro(" + value("recorded_at") + ")", value("payload")}
	best := map[string]rows.Control{}
	row := func(scan func(...any) error) error {
		var c rows.Control
		var offset, at, recorded int64
		if err := scan(&c.Kind, &offset, &at, &recorded, &c.Payload); err != nil {
			return err
		}
		c.Offset, c.Time, c.Recorded = stream.Offset(offset), event.Time(at), event.Time(recorded)
		if b, seen := best[string(c.Kind)]; !seen || cmp.Or(cmp.Compare(b.Time, c.Time), cmp.Compare(b.Recorded, c.Recorded)) < 0 {
			best[string(c.Kind)] = c
		}
		return nil
	}
	err := s.onEach(ctx, on, controls.name(), func(conn driver.Conn) error {
		return s.queryOn(ctx, conn, row, `SELECT kind, `+strings.Join(columns, ", ")+` FROM `+s.database.Of(controls.name())+` WHERE `+where+` GROUP BY kind`, args...)
	})
	if err != nil {
		return nil, failure(ctx, op, err)
	}
	var found []rows.Control
	for _, kind := range slices.Sorted(maps.Keys(best)) {
		found = append(found, best[kind])
	}
	return found, nil
}
