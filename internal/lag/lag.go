// Package lag measures how far the consumer groups are behind the log, and
// waits until they are not. A number that could not be read is unknown, never 0.
//
// Start at Read, then Settle.
package lag

import (
	"context"
	"encoding/json"
	"fmt"

	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/stream"
)

// Partition is the state of one partition.
type Partition struct {
	Source stream.Source
	Commit broker.Commit
	Log    broker.Range
}

// Outside says that a group has committed an offset that the log does not have:
// it lost its tail or was made anew, or retention has deleted what the group has
// not folded. How far the group is behind is then unknown, not 0. A leader that
// is new may say less of its log for a moment, so it may pass.
type Outside struct{ Partition Partition }

// Error names the group and its commit, what the log holds, and which of the two
// causes it must be.
func (e *Outside) Error() string {
	p := e.Partition
	cause := "the log lost its tail, or the topic was made anew"
	if p.Commit.Next < p.Log.First {
		cause = "retention has deleted records that are not folded"
	}
	return fmt.Sprintf("%s: group %s has committed %d and the log holds %d up to %d: %s",
		p.Source, p.Source.Topic.Kind().Group(), p.Commit.Next, p.Log.First, p.Log.End, cause)
}

// Fault is fault.Retry.
func (*Outside) Fault() fault.Kind { return fault.Retry }

// Behind is how many records up to end are not committed. Before the first
// commit it is the whole log. An end that is passed already leaves none.
func (p Partition) Behind(end stream.Offset) int64 {
	next := p.Log.First
	if p.Commit.Set {
		next = p.Commit.Next
	}
	return max(int64(end-next), 0)
}

// Owes says whether what is committed owes rows that late events changed, as the commit
// itself says (snapshots.Pointer): a flush at the same offset pays within seconds.
func (p Partition) Owes() bool {
	var metadata struct {
		Owes bool `json:"owes"`
	}
	return p.Commit.Set && json.Unmarshal([]byte(p.Commit.Metadata), &metadata) == nil && metadata.Owes
}

// Read is the state of every partition of an input topic, in order: what the
// group that folds it has committed, and its log. Commits are read before ends,
// so that a commit that is ahead of its end is no matter of timing: such a one is
// Outside.
func Read(ctx context.Context, c *broker.Client, topic stream.Topic) ([]Partition, error) {
	commits, err := c.Committed(ctx, topic.Kind().Group(), topic)
	if err != nil {
		return nil, err
	}
	ranges, err := c.Offsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	if len(commits) != len(ranges) {
		return nil, fmt.Errorf("topic %s has %d partitions, then %d", topic, len(commits), len(ranges))
	}
	partitions := make([]Partition, len(ranges))
	for p := range partitions {
		partitions[p] = Partition{
			Source: stream.Source{Topic: topic, Partition: int32(p)},
			Commit: commits[int32(p)], Log: ranges[int32(p)],
		}
		if c, log := partitions[p].Commit, partitions[p].Log; c.Set && (c.Next > log.End || c.Next < log.First) {
			return nil, &Outside{partitions[p]}
		}
	}
	return partitions, nil
}
