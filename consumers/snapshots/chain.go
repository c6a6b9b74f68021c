package snapshots

import (
	"context"
	"fmt"
	"iter"
	"time"

	"google.golang.org/protobuf/proto"

	"runrate/internal/broker"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
)

// Appender appends to the snapshot log and tells the offset it got.
type Appender interface {
	Append(ctx context.Context, topic stream.Topic, partition int32, messages []broker.Message) (stream.Offset, error)
}

// When a new base is written instead of a delta: the deltas have grown beyond
// the base, or are many to read, or the base is old.
const (
	minBaseBytes = 8 << 20
	maxDeltas    = 20_000
	maxBaseAge   = 24 * time.Hour
)

// Labels are what every record of a chain says of itself.
type Labels struct {
	Source   stream.Source
	Epoch    uint32
	Settings string // that rows depend on; a chain under others is refused
}

// Chain is the end of a source's chain of snapshots, to append to.
type Chain struct {
	labels  Labels
	pointer Pointer
	set     bool   // there is a base
	older   []Span // chains before this one, the latest first

	baseBytes, deltaBytes, deltas int
	baseAt                        time.Time
}

// NewChain is a chain without a base.
func NewChain(labels Labels) *Chain { return &Chain{labels: labels} }

// Pointer is the chain's end; ok is false before the first base.
func (c *Chain) Pointer() (p Pointer, ok bool) { return c.pointer, c.set }

// Owe says whether the state at the chain's end owes something.
func (c *Chain) Owe(owes bool) { c.pointer.Owes = owes }

// WantsBase says whether the next snapshot should be the whole state.
func (c *Chain) WantsBase(now time.Time) bool {
	return !c.set || c.deltaBytes > max(minBaseBytes, c.baseBytes) || c.deltas >= maxDeltas || now.Sub(c.baseAt) > maxBaseAge
}

// fewRecords is how many records a snapshot log may hold before a chain minds where
// in it its base is: with the largest ones, a good half of what retention leaves.
const fewRecords = 256

// Wanes says whether the chain is in the older half of what its log holds, of which
// retention deletes the oldest first. What comes after a chain need not be its own:
// other epochs, and in small topics other sources, append to the same partition. A
// chain that is renewed whenever it wanes is renewed once each time the log doubles
// and, once retention deletes, once each time half of it has gone.
func (c *Chain) Wanes(held broker.Range) bool {
	size := held.End - held.First
	return c.Gone(held) || c.set && size > fewRecords && c.pointer.First < held.First+size/2
}

// Gone says whether a part of the chain is not in its log any more: the state can
// only come from memory.
func (c *Chain) Gone(held broker.Range) bool { return c.set && c.pointer.First < held.First }

// BaseBytes is the size of the whole state, as it is in the log.
func (c *Chain) BaseBytes() int { return c.baseBytes }

// Append writes the parts of the state at next, as a base or as a delta, and
// moves the chain's end there. On an error the chain is as it was, and what
// was written is linked to by nothing.
func (c *Chain) Append(ctx context.Context, log Appender, next stream.Offset, base bool, now time.Time, parts iter.Seq[*snapshot.Record]) error {
	grown := *c
	if base {
		grown = Chain{labels: c.labels, baseAt: now}
		if c.set {
			spans := c.pointer.spans()
			grown.older = spans[:min(len(spans), keptOlder)]
		}
	}
	var held *snapshot.Record // the last one is known only when there is no more
	for part := range parts {
		if held != nil {
			if err := grown.put(ctx, log, held, next, false, base); err != nil {
				return err
			}
		}
		held = part
	}
	if err := grown.put(ctx, log, held, next, true, base); err != nil {
		return err
	}
	*c = grown
	return nil
}

func (c *Chain) put(ctx context.Context, log Appender, r *snapshot.Record, next stream.Offset, complete, base bool) error {
	r.Topic, r.Partition = c.labels.Source.Topic.String(), c.labels.Source.Partition
	r.Epoch, r.Settings = c.labels.Epoch, c.labels.Settings
	r.NextOffset, r.Complete = int64(next), complete
	r.Previous = nil
	if c.set {
		previous := int64(c.pointer.Last)
		r.Previous = &previous
	}
	value, err := proto.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode snapshot of %s@%d: %w", c.labels.Source, next, err)
	}
	key := []byte(c.labels.Source.String())
	at, err := log.Append(ctx, stream.Snapshots(), c.labels.Source.Partition, []broker.Message{{Key: key, Value: value}})
	if err != nil {
		return fmt.Errorf("append snapshot of %s@%d: %w", c.labels.Source, next, err)
	}
	if !c.set {
		c.pointer = Pointer{First: at, Epoch: c.labels.Epoch, Older: c.older}
		c.set = true
	}
	c.pointer.Last = at
	if base {
		c.baseBytes += len(value)
	} else {
		c.deltaBytes += len(value)
		c.deltas++
	}
	return nil
}
