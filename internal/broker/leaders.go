package broker

import (
	"context"
	"errors"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/listoffsets"

	"runrate/internal/stream"
)

// Where in its log a partition's offset is asked for.
const (
	AtStart  = kafka.FirstOffset
	AtStable = kafka.LastOffset // the last stable offset
	AtEnd    = int64(-100)      // the high watermark: the end whether or not a transaction is open
)

// Leaders are the partitions of a topic by the broker that leads them.
type Leaders struct {
	Topic stream.Topic
	by    map[int][]int32
}

// Partitions is how many there are.
func (l Leaders) Partitions() (n int) {
	for _, p := range l.by {
		n += len(p)
	}
	return n
}

// Leaders asks who leads the partitions of a topic.
func (c *Client) Leaders(ctx context.Context, topic stream.Topic) (Leaders, error) {
	l := Leaders{Topic: topic, by: map[int][]int32{}}
	name := c.InKafka(topic)
	res, err := c.kafka.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{name.String()}})
	if err != nil {
		return l, failed("find the leaders of %s: %w", name, firstContact(err))
	}
	for _, t := range res.Topics {
		switch {
		case t.Name != name.String():
			continue
		case errors.Is(t.Error, kafka.UnknownTopicOrPartition):
			return l, &NoTopic{Topic: name}
		case t.Error != nil:
			return l, failed("find the leaders of %s: %w", name, t.Error)
		}
		for _, p := range t.Partitions {
			l.by[p.Leader.ID] = append(l.by[p.Leader.ID], int32(p.ID)) //nolint:gosec // an int32 in the protocol
		}
	}
	if len(l.by) == 0 {
		return l, &NoTopic{Topic: name}
	}
	return l, nil
}

// oneRequest is a listoffsets.Request that goes to one broker as it is. The type it is
// made of goes out in one request a partition.
type oneRequest listoffsets.Request

// ApiKey is that of ListOffsets.
func (*oneRequest) ApiKey() protocol.ApiKey { return protocol.ListOffsets } //nolint:revive // as protocol.Message has it

// Broker is the leader of the first partition, and of the others.
func (r *oneRequest) Broker(cluster protocol.Cluster) (protocol.Broker, error) {
	return (*listoffsets.Request)(r).Broker(cluster)
}

// At asks for one offset of each partition, AtStart, AtStable or AtEnd, in one request a
// broker; requests is how many that were. A partition that could not be read is in unread,
// and in no case 0.
func (c *Client) At(ctx context.Context, l Leaders, at int64) (offsets map[int32]stream.Offset, unread map[int32]error, requests int) {
	offsets, unread = map[int32]stream.Offset{}, map[int32]error{}
	ctx, cancel := context.WithTimeout(ctx, c.config.timeout())
	defer cancel()
	for _, partitions := range l.by {
		requests++
		c.atLeader(ctx, c.InKafka(l.Topic), partitions, at, offsets, unread)
	}
	return offsets, unread, requests
}

func (c *Client) atLeader(ctx context.Context, topic stream.Topic, partitions []int32, at int64, offsets map[int32]stream.Offset, unread map[int32]error) {
	isolation := int8(readCommitted)
	if at == AtEnd {
		isolation, at = 0, kafka.LastOffset
	}
	req := listoffsets.RequestTopic{Topic: topic.String()}
	for _, p := range partitions {
		req.Partitions = append(req.Partitions, listoffsets.RequestPartition{Partition: p, CurrentLeaderEpoch: -1, Timestamp: at})
	}
	m, err := c.transport.RoundTrip(ctx, c.addr, &oneRequest{ReplicaID: -1, IsolationLevel: isolation, Topics: []listoffsets.RequestTopic{req}})
	if err != nil {
		for _, p := range partitions {
			unread[p] = failed("read the offsets of %s: %w", topic, err)
		}
		return
	}
	for _, t := range m.(*listoffsets.Response).Topics {
		for _, p := range t.Partitions {
			switch {
			case p.ErrorCode != 0:
				unread[p.Partition] = failed("read the offsets of %s/%d: %w", topic, p.Partition, kafka.Error(p.ErrorCode))
			case p.Offset >= 0:
				offsets[p.Partition] = stream.Offset(p.Offset)
			}
		}
	}
	for _, p := range partitions {
		if _, told := offsets[p]; !told && unread[p] == nil {
			unread[p] = failed("read the offsets of %s/%d: the broker left it out: %w", topic, p, kafka.OffsetNotAvailable)
		}
	}
}
