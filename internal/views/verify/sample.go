package verify

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"runrate/internal/stream"
)

// offsets are those from <= offset < to of a partition.
type offsets struct{ from, to stream.Offset }

// A sample is at most so many spans of at least so many records each, so that a
// fetch is worth its while where n allows it.
const (
	sampleSpans = 100
	sampleLeast = 10
)

// sample chooses about n offsets of a partition: spans of the same length, one at
// some place in each stretch of the log, the first at its very beginning. The
// same log gives the same sample. n = 0 is all.
func sample(p source, all offsets, n int64) []offsets {
	total := int64(all.to - all.from)
	if n <= 0 || n >= total {
		return []offsets{all}
	}
	count := min(max(n/sampleLeast, 1), sampleSpans)
	length, stretch := n/count, total/count
	//nolint:gosec // which records of a large log are looked at is no secret
	r := rand.New(rand.NewPCG(uint64(p.Partition), uint64(p.Topic.Kind())))
	spans := make([]offsets, count)
	for i := range spans {
		from := all.from + stream.Offset(int64(i)*stretch)
		if i > 0 {
			from += stream.Offset(r.Int64N(stretch - length + 1))
		}
		spans[i] = offsets{from, from + stream.Offset(length)}
	}
	return spans
}

// within is SQL for a column that lies in one of the spans.
func within(column string, spans []offsets) string {
	terms := make([]string, len(spans))
	for i, s := range spans {
		terms[i] = fmt.Sprintf("(%s >= %d AND %s < %d)", column, s.from, column, s.to)
	}
	return "(" + strings.Join(terms, " OR ") + ")"
}

// grouped is a number with a comma between thousands.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// lookBack reads what a sample left out before the record, for the price book in
// force: a sample takes the last one that it met, until an event disagrees.
func (w *walk[V]) lookBack(ctx context.Context) (bool, error) {
	unread := w.unread
	w.unread = nil
	for _, one := range unread {
		err := w.r.read(ctx, w.source, one.from, one.to, w.over, func(r *stream.Record) error {
			if v := w.rules.judge(r); v.book != nil && !w.beside.without[fmt.Sprintf("%s@%d", w.source, r.Offset)] {
				w.rules.apply(&v)
			}
			return nil
		})
		if err != nil {
			return false, err
		}
	}
	return len(unread) > 0, nil
}
