package lag

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"runrate/internal/broker"
	"runrate/internal/stream"
)

// Held is a log whose end an open transaction holds back: what lies from At on is not read
// until it ends, nor counted as lag.
type Held struct {
	Source stream.Source
	At     stream.Offset // the last stable offset
	End    stream.Offset // of all that the log holds
	By     *broker.Holder
}

// String says so with the numbers.
func (h Held) String() string {
	by := ""
	if h.By != nil {
		by = " of " + h.By.String()
	}
	return fmt.Sprintf("%s: an open transaction%s holds the log back at %d: %d offsets from there on are not waited for", h.Source, by, h.At, h.End-h.At)
}

// HeldBack are the partitions of a topic whose logs are held back now, in order. What could
// not be read is in the error; the others are told all the same.
func HeldBack(ctx context.Context, c *broker.Client, topic stream.Topic) (held []Held, err error) {
	l, err := c.Leaders(ctx, topic)
	if err != nil {
		return nil, err
	}
	stable, unstable, _ := c.At(ctx, l, broker.AtStable) // stable ends first: a commit between is no transaction that is open
	ends, unread, _ := c.At(ctx, l, broker.AtEnd)
	maps.Copy(unread, unstable)
	for _, why := range unread {
		err = errors.Join(err, why)
	}
	for _, p := range slices.Sorted(maps.Keys(stable)) {
		at, end := stable[p], ends[p]
		if at >= end {
			continue
		}
		h := Held{Source: stream.Source{Topic: topic, Partition: p}, At: at, End: end}
		by, found, why := c.Holder(ctx, h.Source, at)
		switch {
		case why != nil:
			err = errors.Join(err, why)
		case !found: // it was appended after the stable end was read, or is over
			continue
		default:
			h.By = &by
		}
		held = append(held, h)
	}
	return held, err
}
