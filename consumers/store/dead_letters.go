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
	// Since and Until bound the record's own timestamp, the latter exclusive; 0 is no bound.
	Since, Until event.Time
	// At is one place, as stream.Place writes it.
	At string
}

// where is the filter as a condition on the view, and its arguments.
func (f DeadLetterFilter) where() (string, []any) {
	until := f.Until
	if until == 0 {
		until = event.MaxTime
	}
	return "(? = '' OR topic = ?) AND (? = '' OR reason = ?) AND toUnixTimestamp64Micro(time) >= ? AND toUnixTimestamp64Micro(time) < ? AND " +
			"(? = '' OR concat(topic, '/', toString(partition), '@', toString(offset)) = ?)",
		[]any{f.Topic, f.Topic, f.Reason, f.Reason, int64(f.Since), int64(until), f.At, f.At}
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
	Reason  event.Reason
	Detail  string
	Key     []byte
	Headers []event.Header
	// HeadersKept is false in a row from before headers were kept: then Headers are none,
	// whatever the record had.
	HeadersKept bool
	Payload     []byte
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
		r, err := s.conn.Query(ctx, s.overShards(ctx, fmt.Sprintf(`
SELECT d.topic, d.partition, d.offset, toUnixTimestamp64Micro(d.time), d.state, d.reason, d.detail, d.key, d.headers.1, d.headers.2,
    (d.topic, d.partition, d.offset) GLOBAL IN (SELECT topic, partition, offset FROM %s WHERE headers_kept = 1) AS kept, d.payload
FROM (SELECT * FROM %s WHERE %s AND state IN (?)) AS d
ORDER BY d.topic, d.partition, d.offset`, s.database.Of(deadLetters.name()), s.database.Of("dead_letters"), where)), append(args, names)...)
		if err != nil {
			yield(DeadLetter{}, failure(ctx, "read dead letters", err))
			return
		}
		defer r.Close()
		for r.Next() {
			d, err := scanLetter(r.Scan)
			if err != nil {
				yield(DeadLetter{}, failure(ctx, "read dead letters", err))
				return
			}
			if !yield(d, nil) {
				return
			}
		}
		if err := r.Err(); err != nil {
			yield(DeadLetter{}, failure(ctx, "read dead letters", err))
		}
	}
}

func scanLetter(scan func(...any) error) (d DeadLetter, err error) {
	var offset, micros int64
	var state, reason, key string
	var names, values []string
	var kept uint8
	if err := scan(&d.Topic, &d.Partition, &offset, &micros, &state, &reason, &d.Detail, &key, &names, &values, &kept, &d.Payload); err != nil {
		return d, err
	}
	d.Offset, d.Time, d.State, d.Reason = stream.Offset(offset), event.Time(micros), LetterState(state), event.Reason(reason)
	d.Key, d.HeadersKept = []byte(key), kept != 0
	for i, name := range names {
		d.Headers = append(d.Headers, event.Header{Name: name, Value: []byte(values[i])})
	}
	return d, nil
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
