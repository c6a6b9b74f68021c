package store

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/event"
	"runrate/internal/fault"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

// Progress is how far each partition of a topic is written under an epoch, by
// partition. A partition without any is not in it.
func (s *Store) Progress(ctx context.Context, epoch uint32, topic stream.Topic) (map[int32]rows.Progress, error) {
	op := fmt.Sprintf("read progress of %s, epoch %d", topic, epoch)
	out := map[int32]rows.Progress{}
	row := func(scan func(...any) error) error {
		var p rows.Progress
		var partition int32
		var first, next, clock int64
		var accepted, duplicate, refused, control, skipped, lost uint64
		var ticked uint8
		if err := scan(&partition, &first, &next, &accepted, &duplicate, &refused, &control, &skipped, &lost, &clock, &ticked); err != nil {
			return err
		}
		p.FirstOffset, p.NextOffset = stream.Offset(first), stream.Offset(next)
		p.Accepted, p.Duplicate, p.Refused, p.Control = int64(accepted), int64(duplicate), int64(refused), int64(control)
		p.Skipped, p.Lost = int64(skipped), int64(lost)
		p.Clock, p.Ticked = event.Time(clock), ticked != 0
		out[partition] = p
		return nil
	}
	shards, err := s.shardsOf(ctx, epoch, topic)
	if err != nil {
		return nil, failure(ctx, op, err)
	}
	err = s.onEach(ctx, shards, progress.name(), func(conn driver.Conn) error {
		return s.queryOn(ctx, conn, row, `
SELECT partition, first_offset, next_offset, accepted, duplicate, refused, control, skipped, lost, toUnixTimestamp64Micro(clock), ticked
FROM `+s.database.Of(progress.name())+` FINAL WHERE topic = ? AND epoch = ?`, topic.String(), epoch)
	})
	if err != nil {
		return nil, failure(ctx, op, err)
	}
	return out, nil
}

// Definition is the definition of usage ARR of an epoch of the usage topic; the
// default if none was set.
func (s *Store) Definition(ctx context.Context, epoch uint32) (definitions.ARR, error) {
	d := definitions.DefaultARR
	err := s.queryOwn(ctx, "definition_versions", fmt.Sprintf("read the ARR definition of epoch %d", epoch),
		func(scan func(...any) error) error { return scan(&d.WindowDays, &d.Multiplier) },
		`SELECT arr_window_days, arr_multiplier FROM `+s.database.Of("definition_versions")+` FINAL WHERE epoch = ?`, epoch)
	return d, err
}

// Statuses are those whose MRR counts in an epoch of the subscriptions topic; the
// default if none were set.
func (s *Store) Statuses(ctx context.Context, epoch uint32) (definitions.Statuses, error) {
	statuses := string(definitions.DefaultStatuses)
	err := s.queryOwn(ctx, "mrr_status_versions", fmt.Sprintf("read the statuses that count in epoch %d", epoch), func(scan func(...any) error) error { return scan(&statuses) },
		`SELECT statuses FROM `+s.database.Of("mrr_status_versions")+` FINAL WHERE epoch = ?`, epoch)
	return definitions.Statuses(statuses), err
}

// SetStatuses sets them. An epoch that has folded already must be folded again.
func (s *Store) SetStatuses(ctx context.Context, epoch uint32, statuses definitions.Statuses) error {
	op := fmt.Sprintf("set the statuses that count in epoch %d", epoch)
	if err := statuses.Check(); err != nil {
		return &Error{Op: op, Kind: fault.Defect, Err: err}
	}
	return s.exec(ctx, op, `INSERT INTO `+s.database.Of("mrr_status_versions")+` (epoch, statuses) SELECT ?, ?`, epoch, string(statuses))
}

// SetDefinition sets it. An epoch that has folded already must be folded again
// under another one, or net_new_arr contradicts arr.
func (s *Store) SetDefinition(ctx context.Context, epoch uint32, d definitions.ARR) error {
	op := fmt.Sprintf("set the ARR definition of epoch %d", epoch)
	if err := d.Check(); err != nil {
		return &Error{Op: op, Kind: fault.Defect, Err: err}
	}
	return s.exec(ctx, op, `INSERT INTO `+s.database.Of("definition_versions")+` (epoch, arr_window_days, arr_multiplier) SELECT ?, ?, ?`,
		epoch, d.WindowDays, d.Multiplier)
}
