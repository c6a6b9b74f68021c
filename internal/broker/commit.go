package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"

	"runrate/internal/stream"
)

// MaxMetadata is the longest metadata of a commit that a broker takes by
// default (offset.metadata.max.bytes).
const MaxMetadata = 4096

// Commit is what a group has stored for one partition.
type Commit struct {
	Set      bool          // false: the group has stored nothing; the rest is zero
	Next     stream.Offset // of the first record not yet folded
	Metadata string
}

// Committed is what the group has stored for every partition of the topic. It
// is an error if any partition's is not to be had.
func (c *Client) Committed(ctx context.Context, group string, topic stream.Topic) (map[int32]Commit, error) {
	topic = c.InKafka(topic)
	n, err := c.Partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	ids := make([]int, n)
	for p := range ids {
		ids[p] = p
	}
	what := fmt.Sprintf("read the offsets that group %s committed on %s", group, topic)
	res, err := c.kafka.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic.String(): ids}})
	if err != nil {
		return nil, failed("%s: %w", what, err)
	}
	commits := make(map[int32]Commit, n)
	if errors.Is(res.Error, kafka.GroupIdNotFound) { // some brokers say so, others answer -1
		for p := range n {
			commits[p] = Commit{}
		}
		return commits, nil
	}
	if res.Error != nil {
		return nil, failed("%s: %w", what, res.Error)
	}
	for _, p := range res.Topics[topic.String()] {
		if p.Error != nil {
			return nil, failed("%s/%d: %w", what, p.Partition, p.Error)
		}
		if p.CommittedOffset < 0 { // -1 is "none", not 0
			commits[int32(p.Partition)] = Commit{}
			continue
		}
		commits[int32(p.Partition)] = Commit{Set: true, Next: stream.Offset(p.CommittedOffset), Metadata: p.Metadata}
	}
	for p := range n {
		if _, ok := commits[p]; !ok {
			return nil, failed("%s/%d: the broker left it out: %w", what, p, kafka.OffsetNotAvailable)
		}
	}
	return commits, nil
}

// Member is a place in a generation of a consumer group. Commits carry it, so
// that a worker the group has given up on cannot rewind its successor.
type Member struct {
	Group      string
	Generation int32  // as the coordinator gave it; never -1
	ID         string // as the coordinator gave it; never empty
}

// Commit stores the next offset of a partition, with metadata, in one request.
// Fenced means the group has moved on and nothing was stored. Any other error
// leaves it open whether it was.
func (c *Client) Commit(ctx context.Context, m Member, source stream.Source, next stream.Offset, metadata string) error {
	source = c.inKafka(source)
	what := fmt.Sprintf("commit %s@%d for group %s", source, next, m.Group)
	switch {
	case m.Generation < 0 || m.ID == "":
		return fmt.Errorf("%s: not a member of a generation (%d, %q): an unfenced commit could rewind the group", what, m.Generation, m.ID)
	case next < 0:
		return fmt.Errorf("%s: a next offset is 0 or more", what)
	case len(metadata) > MaxMetadata:
		return fmt.Errorf("%s: metadata of %d bytes, brokers take %d", what, len(metadata), MaxMetadata)
	}
	if err := ctx.Err(); err != nil { // kafka-go may send all the same
		return failed("%s: %w", what, err)
	}
	res, err := c.kafka.OffsetCommit(ctx, &kafka.OffsetCommitRequest{
		GroupID:      m.Group,
		GenerationID: int(m.Generation),
		MemberID:     m.ID,
		Topics: map[string][]kafka.OffsetCommit{source.Topic.String(): {{
			Partition: int(source.Partition), Offset: int64(next), Metadata: metadata,
		}}},
	})
	if err != nil {
		return failed("%s: %w", what, err)
	}
	answered := false
	for _, partitions := range res.Topics {
		for _, p := range partitions {
			answered = true
			if p.Error == nil {
				continue
			}
			if fenced(p.Error) {
				return &Fenced{Member: m, Source: source, Err: p.Error}
			}
			return failed("%s: %w", what, p.Error)
		}
	}
	if !answered {
		return failed("%s: the broker left it out: %w", what, kafka.Unknown)
	}
	return nil
}

func fenced(err error) bool {
	return errors.Is(err, kafka.IllegalGeneration) || errors.Is(err, kafka.UnknownMemberId) ||
		errors.Is(err, kafka.RebalanceInProgress) || errors.Is(err, kafka.FencedInstanceID)
}
