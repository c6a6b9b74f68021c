package snapshots

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
)

// Fetcher reads the snapshot log.
type Fetcher interface {
	Fetch(ctx context.Context, source stream.Source, offset stream.Offset, maxBytes int, maxWait time.Duration) ([]stream.Record, stream.Offset, error)
	Range(ctx context.Context, source stream.Source) (broker.Range, error)
}

// Missing says that a snapshot that a commit points to cannot be read whole.
// The partition must stop: its state is gone, and so are the means to go on.
type Missing struct {
	Source  stream.Source
	Pointer Pointer
	Err     error
}

// Error names the source, the snapshot and the way out, a rebuild.
func (e *Missing) Error() string {
	return fmt.Sprintf("restore %s from snapshot %s of %s/%d: %v (refold it with `runrate rebuild %s`)",
		e.Source, e.Pointer, stream.Snapshots(), e.Source.Partition, e.Err, e.Source.Topic.Kind())
}

// Unwrap is what was missing or wrong.
func (e *Missing) Unwrap() error { return e.Err }

// Fault is fault.Defect, whatever is in Err: what cannot be read stays so.
func (*Missing) Fault() fault.Kind { return fault.Defect }

const fetchBytes = 8 << 20

// link is a record of the chain and where it stands.
type link struct {
	offset stream.Offset
	bytes  int
	time   time.Time
	record *snapshot.Record
}

// Restore reads the chain that p points to and gives its records, oldest
// first, to apply: the state at the greatest next offset that is at most
// atMost and that the chain completes, or else one of the older chains. It
// returns that offset and the chain to go on appending to, cut off there. An
// error of the log is returned as it is and may be worth a retry; Missing is not.
func Restore(ctx context.Context, log Fetcher, labels Labels, p Pointer, atMost stream.Offset, apply func(*snapshot.Record) error) (stream.Offset, *Chain, error) {
	missing := func(format string, args ...any) error {
		return &Missing{Source: labels.Source, Pointer: p, Err: fmt.Errorf(format, args...)}
	}
	if p.Epoch != labels.Epoch {
		return 0, nil, missing("it is of logic epoch %d, not %d", p.Epoch, labels.Epoch)
	}
	spans := p.spans()
	for i, s := range spans {
		links, err := follow(ctx, log, labels, Pointer{First: s.First, Last: s.Last, Epoch: p.Epoch})
		if err != nil {
			return 0, nil, err
		}
		end := -1
		for i, l := range links {
			if l.record.Complete && stream.Offset(l.record.NextOffset) <= atMost {
				end = i
			}
		}
		if end < 0 {
			continue
		}
		older := spans[i+1:]
		chain := &Chain{labels: labels, set: true, older: older, baseAt: links[0].time,
			pointer: Pointer{First: s.First, Last: links[end].offset, Epoch: p.Epoch, Older: older}}
		base := true
		for _, l := range links[:end+1] {
			if err := apply(l.record); err != nil {
				return 0, nil, missing("the record at %d: %w", l.offset, err)
			}
			if base {
				chain.baseBytes += l.bytes
			} else {
				chain.deltaBytes += l.bytes
				chain.deltas++
			}
			base = base && !l.record.Complete
		}
		return stream.Offset(links[end].record.NextOffset), chain, nil
	}
	return 0, nil, missing("it holds no state at offset %d or before, nor do the %d chains before it", atMost, len(spans)-1)
}

// follow is the records of one chain, oldest first.
func follow(ctx context.Context, log Fetcher, labels Labels, p Pointer) ([]link, error) {
	missing := func(format string, args ...any) error {
		return &Missing{Source: labels.Source, Pointer: p, Err: fmt.Errorf(format, args...)}
	}
	found, err := read(ctx, log, labels.Source, p)
	if err != nil {
		return nil, err
	}
	var links []link
	for at := p.Last; ; {
		l, ok := found[at]
		if !ok {
			return nil, missing("the record at %d is not there", at)
		}
		if l.record.Settings != labels.Settings {
			return nil, missing("it was folded with the settings %q and the worker runs with %q: set them back, or refold", l.record.Settings, labels.Settings)
		}
		links = append(links, l)
		if l.record.Previous == nil {
			break
		}
		if previous := stream.Offset(*l.record.Previous); previous < p.First || previous >= at {
			return nil, missing("the record at %d names %d as the one before it", at, previous)
		} else {
			at = previous
		}
	}
	slices.Reverse(links)
	if links[0].offset != p.First {
		return nil, missing("the chain begins at %d", links[0].offset)
	}
	return links, nil
}

// read is the source's records in First..Last, linked or not.
func read(ctx context.Context, log Fetcher, source stream.Source, p Pointer) (map[stream.Offset]link, error) {
	from := stream.Source{Topic: stream.Snapshots(), Partition: source.Partition}
	found := map[stream.Offset]link{}
	for at := p.First; at <= p.Last; {
		records, _, err := log.Fetch(ctx, from, at, fetchBytes, time.Second)
		var outside *broker.OutOfRange
		if errors.As(err, &outside) {
			return nil, &Missing{Source: source, Pointer: p, Err: err}
		}
		if err != nil {
			return nil, err
		}
		if len(records) == 0 {
			held, err := ended(ctx, log, from, at)
			if err != nil {
				return nil, err
			}
			return nil, &Missing{Source: source, Pointer: p, Err: fmt.Errorf("the log ends at %d", held.End)}
		}
		for _, r := range records {
			at = r.Offset + 1
			if string(r.Key) != source.String() || r.Offset > p.Last {
				continue
			}
			record := &snapshot.Record{}
			if err := proto.Unmarshal(r.Value, record); err != nil {
				return nil, &Missing{Source: source, Pointer: p, Err: fmt.Errorf("the record at %d: %w", r.Offset, err)}
			}
			found[r.Offset] = link{offset: r.Offset, bytes: len(r.Value), time: time.UnixMicro(r.Time), record: record}
		}
	}
	return found, nil
}

// ended is what a log holds that ends at an offset or before it. A leader that is
// new has nothing to show for a moment, and says so by an empty fetch; but then it
// does not tell its range. Where the log goes on, or that is not known, it is an
// error that passes.
func ended(ctx context.Context, log Fetcher, from stream.Source, at stream.Offset) (broker.Range, error) {
	held, err := log.Range(ctx, from)
	if err == nil && held.End > at {
		err = fmt.Errorf("fetch %s@%d: no answer yet: %w", from, at, context.DeadlineExceeded)
	}
	return held, err
}

// Any says whether the snapshot log holds a record of the source and epoch: a
// group without a committed offset is then one that lost it, not a new one.
func Any(ctx context.Context, log Fetcher, labels Labels, first, end stream.Offset) (bool, error) {
	from := stream.Source{Topic: stream.Snapshots(), Partition: labels.Source.Partition}
	for at := first; at < end; {
		records, _, err := log.Fetch(ctx, from, at, fetchBytes, time.Second)
		if err != nil {
			return false, err
		}
		if len(records) == 0 {
			_, err := ended(ctx, log, from, at)
			return false, err
		}
		for _, r := range records {
			at = r.Offset + 1
			if string(r.Key) != labels.Source.String() {
				continue
			}
			record := &snapshot.Record{}
			// One that cannot be read may be of this epoch.
			if err := proto.Unmarshal(r.Value, record); err != nil || record.Epoch == labels.Epoch {
				return true, nil //nolint:nilerr // the answer is yes, to be on the safe side
			}
		}
	}
	return false, nil
}
