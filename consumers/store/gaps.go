package store

import (
	"context"
	"encoding/json"
	"fmt"

	"runrate/internal/fault"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// Gap is a part of a partition's log, From <= offset < To, that an epoch goes on
// over: its records are lost, and somebody has accepted that.
type Gap struct {
	Partition int32
	From, To  stream.Offset
	InForce   []rows.Control // at To, as far as it is known
	Reason    string
}

const gapTable = "epoch_gaps"

// AcceptGap adds a gap to the record of an epoch.
func (s *Store) AcceptGap(ctx context.Context, topic stream.Topic, epoch uint32, gap Gap) error {
	op := fmt.Sprintf("accept the gap %d to %d of %s/%d, epoch %d", gap.From, gap.To, topic, gap.Partition, epoch)
	inForce, err := json.Marshal(gap.InForce)
	if err == nil && gap.From >= gap.To {
		err = fmt.Errorf("it is empty")
	}
	if err != nil {
		return &Error{Op: op, Kind: fault.Defect, Err: err}
	}
	return s.exec(ctx, op, `INSERT INTO `+s.database.Of(gapTable)+
		` (topic, epoch, partition, from_offset, to_offset, in_force, reason) SELECT ?, ?, ?, ?, ?, ?, ?`,
		topic.String(), epoch, gap.Partition, int64(gap.From), int64(gap.To), string(inForce), gap.Reason)
}

// gaps are those of an epoch, by partition and offset.
func (s *Store) gaps(ctx context.Context, topic stream.Topic, epoch uint32) (all []Gap, err error) {
	err = s.queryOwn(ctx, gapTable, fmt.Sprintf("read the gaps of %s, epoch %d", topic, epoch), func(scan func(...any) error) error {
		var gap Gap
		var from, to int64
		var inForce string
		if err := scan(&gap.Partition, &from, &to, &inForce, &gap.Reason); err != nil {
			return err
		}
		gap.From, gap.To = stream.Offset(from), stream.Offset(to)
		if err := json.Unmarshal([]byte(inForce), &gap.InForce); err != nil {
			return fmt.Errorf("what is in force after the gap %d to %d of partition %d: %w", from, to, gap.Partition, err)
		}
		all = append(all, gap)
		return nil
	}, `SELECT partition, from_offset, to_offset, in_force, reason FROM `+s.database.Of(gapTable)+
		` FINAL WHERE topic = ? AND epoch = ? ORDER BY partition, from_offset`, topic.String(), epoch)
	return all, err
}

// CountGaps is how many gaps an epoch has.
func (s *Store) CountGaps(ctx context.Context, topic stream.Topic, epoch uint32) (int, error) {
	var n uint64
	err := s.queryOwn(ctx, gapTable, fmt.Sprintf("count the gaps of %s, epoch %d", topic, epoch), func(scan func(...any) error) error { return scan(&n) },
		`SELECT count() FROM `+s.database.Of(gapTable)+` FINAL WHERE topic = ? AND epoch = ?`, topic.String(), epoch)
	return int(n), err
}
