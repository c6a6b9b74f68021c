package broker

import (
	"context"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/listoffsets"

	"runrate/internal/stream"
)

// Range is what a partition's log holds: First <= offset < End. Empty if equal.
type Range struct {
	First stream.Offset
	End   stream.Offset // that of the next record; while a transaction is open, of its first one
}

// Offsets is the range of every partition of a topic. It is an error if any
// partition's is not to be had: an unknown offset is never 0.
func (c *Client) Offsets(ctx context.Context, topic stream.Topic) (map[int32]Range, error) {
	n, err := c.Partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	partitions := make([]int32, n)
	for p := range n {
		partitions[p] = p
	}
	return c.ranges(ctx, topic, partitions)
}

// Range is the range of one partition.
func (c *Client) Range(ctx context.Context, source stream.Source) (Range, error) {
	ranges, err := c.ranges(ctx, source.Topic, []int32{source.Partition})
	if err != nil {
		return Range{}, err
	}
	return ranges[source.Partition], nil
}

// ranges asks by the protocol message itself: Client.ListOffsets answers 0 for
// a partition that the broker said nothing about.
func (c *Client) ranges(ctx context.Context, topic stream.Topic, partitions []int32) (map[int32]Range, error) {
	topic = c.InKafka(topic)
	ctx, cancel := context.WithTimeout(ctx, c.config.timeout())
	defer cancel()
	req := listoffsets.RequestTopic{Topic: topic.String()}
	for _, p := range partitions {
		for _, at := range []int64{kafka.FirstOffset, kafka.LastOffset} {
			req.Partitions = append(req.Partitions, listoffsets.RequestPartition{
				Partition: p, CurrentLeaderEpoch: -1, Timestamp: at,
			})
		}
	}
	m, err := c.transport.RoundTrip(ctx, c.addr, &listoffsets.Request{
		ReplicaID: -1, IsolationLevel: readCommitted, Topics: []listoffsets.RequestTopic{req},
	})
	if err != nil {
		return nil, failed("read the offsets of %s: %w", topic, err)
	}
	first := make(map[int32]int64, len(partitions))
	end := make(map[int32]int64, len(partitions))
	for _, t := range m.(*listoffsets.Response).Topics {
		if t.Topic != req.Topic {
			continue
		}
		for _, p := range t.Partitions {
			if p.ErrorCode != 0 {
				return nil, failed("read the offsets of %s/%d: %w", topic, p.Partition, kafka.Error(p.ErrorCode))
			}
			switch p.Timestamp {
			case kafka.FirstOffset:
				first[p.Partition] = p.Offset
			case kafka.LastOffset:
				end[p.Partition] = p.Offset
			}
		}
	}
	ranges := make(map[int32]Range, len(partitions))
	for _, p := range partitions {
		f, okFirst := first[p]
		e, okEnd := end[p]
		if !okFirst || !okEnd || f < 0 || e < f {
			return nil, failed("read the offsets of %s/%d: the broker answered first %d, end %d: %w", topic, p, f, e, kafka.OffsetNotAvailable)
		}
		ranges[p] = Range{First: stream.Offset(f), End: stream.Offset(e)}
	}
	return ranges, nil
}
