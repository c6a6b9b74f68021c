package verify

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"runrate/internal/event"
	"runrate/internal/stream"
)

// candidate is a data event that is neither in the ledger nor a dead letter.
type candidate struct {
	offset   stream.Offset
	time     event.Time
	identity [16]byte
	reason   event.Reason // for which it would be refused, if no earlier record had its identity
	expected string       // what it would be then
}

// candidates is how many are looked up at once: a query's text is bounded.
const candidates = 1000

func (w *walk[V]) mayBeDuplicate(ctx context.Context, r *stream.Record, v *verdict) error {
	row, reason := w.expect(r, v)
	c := candidate{offset: r.Offset, time: v.event.Time, identity: v.event.Identity(), reason: reason, expected: "refused: " + string(reason)}
	if reason == "" {
		c.expected = row.String()
	}
	w.maybe = append(w.maybe, c)
	if len(w.maybe) < candidates {
		return nil
	}
	return w.duplicates(ctx)
}

// duplicates looks the candidates up among the rows of the partition: each must
// have an identity that a lower offset has.
func (w *walk[V]) duplicates(ctx context.Context) error {
	if len(w.maybe) == 0 {
		return nil
	}
	first, err := w.whereAccepted(ctx)
	if err != nil {
		return err
	}
	for _, c := range w.maybe {
		at, ok := first[string(c.identity[:])]
		switch {
		case ok && at < c.offset:
			w.counts.duplicate++
			continue
		case c.reason == "":
			w.counts.accepted++
		default:
			w.counts.refused++
		}
		found := ""
		if ok {
			found = fmt.Sprintf("the identity at offset %d", at)
		}
		w.differ(c.offset, c.expected, found)
	}
	w.maybe = w.maybe[:0]
	return nil
}

// whereAccepted is the offsets at which the candidates' identities were accepted.
func (w *walk[V]) whereAccepted(ctx context.Context) (map[string]stream.Offset, error) {
	hours, identities := map[string]bool{}, make([]string, len(w.maybe))
	for i, c := range w.maybe {
		hours[fmt.Sprintf("toDateTime(%d, 'UTC')", c.time/event.Hour*3600)] = true
		identities[i] = "toFixedString(unhex('" + hex.EncodeToString(c.identity[:]) + "'), 16)"
	}
	found, err := open(ctx, w.r, func(k *string, at *int64) []any { return []any{k, at} }, `
SELECT identity, toInt64(min(version)) FROM DB.$table FINAL
WHERE epoch = $epoch AND partition = $partition AND toStartOfHour(time) IN ($hours) AND identity IN ($identities) GROUP BY identity`,
		"$table", w.of.table, "$epoch", w.epoch, "$partition", w.source.Partition,
		"$hours", strings.Join(slices.Sorted(maps.Keys(hours)), ", "), "$identities", strings.Join(identities, ", "))
	if err != nil {
		return nil, err
	}
	first := map[string]stream.Offset{}
	err = found.each(func(k *string, at *int64) error {
		first[*k] = stream.Offset(*at)
		return nil
	})
	return first, err
}
