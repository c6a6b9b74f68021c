package snapshots

import (
	"context"
	"fmt"
	"time"

	"runrate/internal/broker"
	"runrate/internal/stream"
)

// Depth is how deep in the snapshot log a chain's base lies, in bytes of records: by
// those, not by offsets, retention deletes, and records of others may be a thousand
// times larger. Nothing but the records tells their sizes, so it reads each of them
// once; a chain that is renewed as it gets deep bounds that. The zero Depth has read
// nothing.
type Depth struct {
	first stream.Offset // the base that it counts from
	next  stream.Offset // counted up to here
	bytes int64
}

// recordBytes is what Kafka keeps of a record beside its key and value, at most.
const recordBytes = 100

// perLook is how many bytes are read at once, so that a worker that asks between two
// batches stands still for a second at most.
const perLook = 256 << 20

// Of reads on, to the end of what the log holds or perLook bytes, and returns how many
// there are from the chain's base to there; 0 for a chain without one. The next time it
// goes on from there, also after an error.
func (d *Depth) Of(ctx context.Context, log Fetcher, c *Chain, held broker.Range) (int64, error) {
	if !c.set {
		return 0, nil
	}
	if d.first != c.pointer.First || d.next < held.First {
		*d = Depth{first: c.pointer.First, next: max(c.pointer.First, held.First)}
	}
	from := stream.Source{Topic: stream.Snapshots(), Partition: c.labels.Source.Partition}
	for upTo := d.bytes + perLook; d.next < held.End && d.bytes < upTo; {
		records, _, err := log.Fetch(ctx, from, d.next, fetchBytes, time.Second)
		if err != nil {
			return 0, fmt.Errorf("measure %s from %d on: %w", from, d.next, err)
		}
		if len(records) == 0 {
			return 0, fmt.Errorf("measure %s from %d on: no answer yet: %w", from, d.next, context.DeadlineExceeded)
		}
		for _, r := range records {
			d.bytes += int64(len(r.Key)+len(r.Value)) + recordBytes
			d.next = r.Offset + 1
		}
	}
	return d.bytes, nil
}
