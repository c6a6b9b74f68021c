package store

import (
	"context"
	"fmt"
	"iter"
)

// DeadLetterFilter chooses dead letters; empty fields choose all.
type DeadLetterFilter struct {
	Topic  string
	Reason string
	Most   int64
}

// DeadLetters streams the raw values of refused records, in the order of topic,
// partition and offset. An error ends the sequence.
func (s *Store) DeadLetters(ctx context.Context, filter DeadLetterFilter) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		r, err := s.conn.Query(ctx, fmt.Sprintf(`
SELECT payload FROM %s
WHERE (? = '' OR topic = ?) AND (? = '' OR reason = ?)
ORDER BY topic, partition, offset LIMIT %d`, s.database.Of("dead_letters"), max(filter.Most, 0)), filter.Topic, filter.Topic, filter.Reason, filter.Reason)
		if err != nil {
			yield(nil, failure(ctx, "read dead letters", err))
			return
		}
		defer r.Close()
		for r.Next() {
			var payload []byte
			if err := r.Scan(&payload); err != nil {
				yield(nil, failure(ctx, "read dead letters", err))
				return
			}
			if !yield(payload, nil) {
				return
			}
		}
		if err := r.Err(); err != nil {
			yield(nil, failure(ctx, "read dead letters", err))
		}
	}
}
