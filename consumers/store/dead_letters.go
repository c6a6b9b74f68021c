package store

import (
	"context"
	"fmt"
	"iter"

	"runrate/internal/event"
	"runrate/internal/stream"
)

// LetterState is what became of a dead letter (DEFINITIONS V10).
type LetterState string

// The states of a dead letter.
const (
	LetterOpen      LetterState = "open"      // nothing was done about it
	LetterRedriven  LetterState = "redriven"  // sent again
	LetterAccepted  LetterState = "accepted"  // sent again, and its event counts
	LetterDuplicate LetterState = "duplicate" // its event counts by another record
)

// DeadLetterFilter chooses dead letters; empty fields choose all.
type DeadLetterFilter struct {
	Topic  string
	Reason string
}

// where is the filter as a condition on the view, and its arguments.
func (f DeadLetterFilter) where() (string, []any) {
	return "(? = '' OR topic = ?) AND (? = '' OR reason = ?)", []any{f.Topic, f.Topic, f.Reason, f.Reason}
}

// LetterKey is where a dead letter stands: its place in the log, and the record's
// own timestamp, in which another log under the same offsets differs.
type LetterKey struct {
	Topic     string
	Partition int32
	Offset    stream.Offset
	Time      event.Time
}

// DeadLetter is one refused record, with what became of it.
type DeadLetter struct {
	LetterKey
	State   LetterState
	Payload []byte
}

// DeadLetters streams the refused records in one of the states, in the order of
// topic, partition and offset. An error ends the sequence.
func (s *Store) DeadLetters(ctx context.Context, filter DeadLetterFilter, states ...LetterState) iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		where, args := filter.where()
		names := make([]string, len(states))
		for i, state := range states {
			names[i] = string(state)
		}
		r, err := s.conn.Query(ctx, fmt.Sprintf(`
SELECT topic, partition, offset, toUnixTimestamp64Micro(time), state, payload FROM %s
WHERE %s AND state IN (?)
ORDER BY topic, partition, offset`, s.database.Of("dead_letters"), where), append(args, names)...)
		if err != nil {
			yield(DeadLetter{}, failure(ctx, "read dead letters", err))
			return
		}
		defer r.Close()
		for r.Next() {
			var d DeadLetter
			var offset, micros int64
			var state string
			if err := r.Scan(&d.Topic, &d.Partition, &offset, &micros, &state, &d.Payload); err != nil {
				yield(DeadLetter{}, failure(ctx, "read dead letters", err))
				return
			}
			d.Offset, d.Time, d.State = stream.Offset(offset), event.Time(micros), LetterState(state)
			if !yield(d, nil) {
				return
			}
		}
		if err := r.Err(); err != nil {
			yield(DeadLetter{}, failure(ctx, "read dead letters", err))
		}
	}
}

// LetterStates counts the dead letters by state.
func (s *Store) LetterStates(ctx context.Context, filter DeadLetterFilter) (map[LetterState]int64, error) {
	counts := map[LetterState]int64{}
	where, args := filter.where()
	err := s.query(ctx, "count dead letters", func(scan func(...any) error) error {
		var state string
		var n int64
		if err := scan(&state, &n); err != nil {
			return err
		}
		counts[LetterState(state)] = n
		return nil
	}, fmt.Sprintf("SELECT state, toInt64(count()) FROM %s WHERE %s GROUP BY state", s.database.Of("dead_letters"), where), args...)
	return counts, err
}
