package store

import (
	"context"
	"time"

	"runrate/internal/stream"
)

// statusTable is what consumers say of their partitions. It is no rows.Table: no
// fold writes it.
const statusTable = "partition_status_versions"

// Status is what a consumer says of a partition.
type Status struct {
	Source stream.Source
	Epoch  uint32 // that it folds
	Status string // ok, stalled or halted
	Reason string // of halted, in a word
	Detail string // of stalled and halted, a sentence
	Since  time.Time
	Owed   time.Time // since when amendments of late events are owed, zero if nothing is
}

// SaveStatuses writes what a consumer says of its partitions now. A later one
// replaces it.
func (s *Store) SaveStatuses(ctx context.Context, all []Status) error {
	const op = "write the status of partitions"
	bounded, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	b, err := s.conn.PrepareBatch(bounded, "INSERT INTO "+s.database.Of(statusTable)+" (topic, partition, epoch, status, reason, detail, since, owed_since)")
	if err != nil {
		return failure(ctx, op, err)
	}
	for _, st := range all {
		if err := b.Append(st.Source.Topic.Kind().Topic().String(), st.Source.Partition, st.Epoch, st.Status, st.Reason, st.Detail, st.Since.UTC(), orNull(st.Owed)); err != nil {
			_ = b.Abort() // closes the connection, and with it the insert
			return failure(ctx, op, err)
		}
	}
	if err := b.Send(); err != nil {
		return failure(ctx, op, err)
	}
	return nil
}

// orNull is an instant, null for none.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
