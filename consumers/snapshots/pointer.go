// Package snapshots keeps the state of a fold in the snapshot log and brings it
// back.
//
// A snapshot is a chain of records in one partition of runrate.snapshots: a
// base (the whole state) and deltas, each naming the offset of the record
// before it. The pointer to the chain's end is committed together with the
// source's next offset, so the two always agree. Records that are not linked
// (an append whose outcome was unknown and which was tried again, a worker
// that had lost its partition) are never read.
//
// A base begins a new chain, and the pointer goes on to name a few of those
// before it: a partition of which ClickHouse lost acknowledged rows is folded
// again from an earlier state (Restore's atMost).
package snapshots

import (
	"encoding/json"
	"fmt"

	"runrate/internal/stream"
)

// Pointer names a snapshot: the chain from First to Last, in the partition of
// the snapshot log with the number of the source's. It travels in the metadata
// of the commit.
type Pointer struct {
	First stream.Offset `json:"first"` // first record of the base
	Last  stream.Offset `json:"last"`  // the record that completes the state
	Epoch uint32        `json:"epoch"` // logic epoch it was folded under
	// Older are the chains before this one, the latest first, for when ClickHouse
	// has lost so much that no state of this one is early enough.
	Older []Span `json:"older,omitempty"`
	// Owes says that rows which late events changed are not written yet (lag.Partition.Owes
	// reads it).
	Owes bool `json:"owes,omitempty"`
}

// Span is where a chain is: the offsets of its first and its last record.
type Span struct {
	First stream.Offset `json:"first"`
	Last  stream.Offset `json:"last"`
}

// keptOlder is how many chains before the current one a pointer names.
const keptOlder = 3

func (p Pointer) span() Span { return Span{p.First, p.Last} }

// spans are all chains that it names, the latest first.
func (p Pointer) spans() []Span { return append([]Span{p.span()}, p.Older...) }

// String is the pointer as commit metadata, well below the 4,096 bytes that a
// broker takes.
func (p Pointer) String() string {
	b, _ := json.Marshal(p) // nothing but integers
	return string(b)
}

// ParsePointer reads commit metadata.
func ParsePointer(metadata string) (Pointer, error) {
	p := Pointer{First: -1, Last: -1}
	if err := json.Unmarshal([]byte(metadata), &p); err != nil {
		return Pointer{}, fmt.Errorf("commit metadata %.100q is no snapshot pointer: %w", metadata, err)
	}
	for _, s := range p.spans() {
		if s.First < 0 || s.Last < s.First {
			return Pointer{}, fmt.Errorf("commit metadata %.100q names no snapshot", metadata)
		}
	}
	return p, nil
}
