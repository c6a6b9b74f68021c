package broker

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/listoffsets"

	"runrate/internal/stream"
)

const (
	timestampType = "message.timestamp.type"
	appendTime    = "LogAppendTime"
	retentionMS   = "retention.ms"
)

// Times is what a topic's settings say of the times in its log.
type Times struct {
	Append    bool          // records have the time of the broker that appended them, not their producer's
	Retention time.Duration // how long they are kept at least; 0 is for ever
}

// Times reads the settings. It takes the right to describe the topic's configuration.
func (c *Client) Times(ctx context.Context, topic stream.Topic) (t Times, err error) {
	topic = c.InKafka(topic)
	kind, _, err := c.setting(ctx, topic, timestampType)
	if err != nil {
		return t, err
	}
	value, told, err := c.setting(ctx, topic, retentionMS)
	if err != nil {
		return t, err
	}
	kept, err := strconv.ParseInt(value, 10, 64)
	if !told || err != nil {
		return t, failed("read %s of topic %s: %w", retentionMS, topic, fmt.Errorf("it is %q", value))
	}
	t.Append = kind == appendTime
	if kept >= 0 && kept < maxRetention.Milliseconds() {
		t.Retention = time.Duration(kept) * time.Millisecond
	}
	return t, nil
}

// maxRetention is one that counts as for ever: a hundred years.
const maxRetention = 100 * 365 * 24 * time.Hour

// Found is the first record at or after a time.
type Found struct {
	Offset stream.Offset // -1 where there is none
	At     time.Time
}

// ByTime asks for the first record of each partition of at that is not older than the time
// there, in one request a broker; requests is how many that were. What could not be read is
// not in found.
func (c *Client) ByTime(ctx context.Context, l Leaders, at map[int32]time.Time) (found map[int32]Found, requests int, err error) {
	found = make(map[int32]Found, len(at))
	ctx, cancel := context.WithTimeout(ctx, c.config.timeout())
	defer cancel()
	topic := c.InKafka(l.Topic)
	for _, partitions := range l.by {
		req := listoffsets.RequestTopic{Topic: topic.String()}
		for _, p := range partitions {
			if t, asked := at[p]; asked {
				req.Partitions = append(req.Partitions, listoffsets.RequestPartition{Partition: p, CurrentLeaderEpoch: -1, Timestamp: max(t.UnixMilli(), 0)})
			}
		}
		if len(req.Partitions) == 0 {
			continue
		}
		requests++
		m, why := c.transport.RoundTrip(ctx, c.addr, &oneRequest{ReplicaID: -1, IsolationLevel: readCommitted, Topics: []listoffsets.RequestTopic{req}})
		if why != nil {
			err = failed("read the offsets of %s by time: %w", topic, why)
			continue
		}
		for _, t := range m.(*listoffsets.Response).Topics {
			for _, p := range t.Partitions {
				if p.ErrorCode != 0 {
					err = failed("read the offsets of %s/%d by time: %w", topic, p.Partition, kafka.Error(p.ErrorCode))
					continue
				}
				found[p.Partition] = Found{Offset: stream.Offset(p.Offset), At: time.UnixMilli(p.Timestamp)}
			}
		}
	}
	return found, requests, err
}
