// Package lag measures how far the consumer groups are behind the log, and
// waits until they are not. A number that could not be read is unknown, never 0.
//
// Start at Read, then Settle.
package lag

import (
	"context"
	"fmt"

	"runrate/internal/broker"
	"runrate/internal/stream"
)

// Partition is the state of one partition.
type Partition struct {
	Source stream.Source
	Commit broker.Commit
	Log    broker.Range
}

// Behind is how many records up to end are not committed. Before the first
// commit it is the whole log.
func (p Partition) Behind(end stream.Offset) int64 {
	next := p.Log.First
	if p.Commit.Set {
		next = p.Commit.Next
	}
	return max(int64(end-next), 0)
}

// Read is the state of every partition of an input topic, in order: what the
// group that folds it has committed, and its log. Commits are read before ends,
// so that a commit is never ahead of its end.
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
	}
	return partitions, nil
}
