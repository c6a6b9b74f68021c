package kafkacluster

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Requests that kafka-go does not know, or not in the version that is needed.

// TopicID identifies a topic: one that is deleted and created again under the
// same name has another.
type TopicID [16]byte

// TopicID asks any node for a topic's id and the leader epoch of its partition 0.
func (c *Cluster) TopicID(ctx context.Context, topic string) (id TopicID, epoch int32, err error) {
	req := kmsg.NewPtrMetadataRequest()
	req.SetVersion(12)
	t := kmsg.NewMetadataRequestTopic()
	t.Topic = &topic
	req.Topics = append(req.Topics, t)
	err = errors.New("no node runs")
	for i, n := range c.nodes {
		if !n.answers() {
			continue
		}
		var res kmsg.Response
		if res, err = c.request(ctx, i, req); err != nil {
			continue
		}
		topics := res.(*kmsg.MetadataResponse).Topics
		if len(topics) != 1 || topics[0].ErrorCode != 0 || len(topics[0].Partitions) == 0 {
			err = fmt.Errorf("the answer is %+v", topics)
			continue
		}
		for _, p := range topics[0].Partitions {
			if p.Partition == 0 {
				epoch = p.LeaderEpoch
			}
		}
		return topics[0].TopicID, epoch, nil
	}
	return TopicID{}, 0, fmt.Errorf("find the id of topic %s: %w", topic, err)
}

// DeleteRecords deletes the records of a partition before an offset, as its
// retention would, at once. It returns the new first offset.
func (c *Cluster) DeleteRecords(ctx context.Context, topic string, partition int32, before int64) (int64, error) {
	what := fmt.Sprintf("delete the records of %s/%d before %d", topic, partition, before)
	leader, err := c.Leader(ctx, topic, partition)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.SetVersion(2)
	req.TimeoutMillis = int32(askBound / time.Millisecond)
	t := kmsg.NewDeleteRecordsRequestTopic()
	p := kmsg.NewDeleteRecordsRequestTopicPartition()
	t.Topic, p.Partition, p.Offset = topic, partition, before
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	res, err := c.request(ctx, leader, req)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	topics := res.(*kmsg.DeleteRecordsResponse).Topics
	if len(topics) != 1 || len(topics[0].Partitions) != 1 {
		return 0, fmt.Errorf("%s: the answer leaves it out", what)
	}
	answer := topics[0].Partitions[0]
	if answer.ErrorCode != 0 {
		return 0, fmt.Errorf("%s: Kafka's error %d", what, answer.ErrorCode)
	}
	return answer.LowWatermark, nil
}

// request sends one request, its version set, to node i.
func (c *Cluster) request(ctx context.Context, i int, req kmsg.Request) (kmsg.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*askBound)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address(c.nodes[i].ports.broker))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	client := "runrate-test"
	out := kmsg.NewRequestFormatter(kmsg.FormatterClientID(client)).AppendRequest(nil, req, 1)
	if _, err := conn.Write(out); err != nil {
		return nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	in := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(conn, in); err != nil {
		return nil, err
	}
	header := 4 // the correlation id
	if req.IsFlexible() {
		header++ // and an empty set of tags
	}
	if len(in) < header {
		return nil, io.ErrUnexpectedEOF
	}
	res := req.ResponseKind()
	return res, res.ReadFrom(in[header:])
}
