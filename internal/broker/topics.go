package broker

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/segmentio/kafka-go"

	"runrate/internal/fault"
	"runrate/internal/stream"
)

// MaxPartitions bounds the partitions of a topic that EnsureTopics creates.
const MaxPartitions = 4096

// Retention and sizes of the topics that EnsureTopics creates. The input
// topics are the record of revenue and are kept for ever; set retention.ms on
// the topic to change that. Snapshots matter as long as a commit points to them,
// however old it is: they are kept by size, which must hold a few times the
// whole state of a partition of both topics.
const (
	inputRetentionMS       = -1
	snapshotRetentionMS    = -1
	snapshotRetentionBytes = 4 << 30
	snapshotSegmentBytes   = 128 << 20
	snapshotMaxBytes       = 8 << 20
)

// EnsureTopics creates the topics that are missing: both inputs and the
// snapshot log, each with as many partitions. A topic that has another number
// of partitions is an error, since placement is fixed by it; other settings of
// topics that exist are left alone.
func (c *Client) EnsureTopics(ctx context.Context, partitions int32, replication int) error {
	if partitions < 1 || partitions > MaxPartitions {
		return fmt.Errorf("create topics with %d partitions: --partitions must be 1 to %d", partitions, MaxPartitions)
	}
	if replication < 1 {
		return fmt.Errorf("create topics with %d replicas: --replication must be 1 or more", replication)
	}
	// The creation itself tells of topics that exist; metadata may be cached.
	req := &kafka.CreateTopicsRequest{}
	var names []string
	for _, topic := range append(stream.Inputs(), stream.Snapshots()) {
		topic = c.InKafka(topic)
		req.Topics = append(req.Topics, topicConfig(topic, partitions, replication))
		names = append(names, topic.String())
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.timeout())
	defer cancel()
	res, err := c.kafka.CreateTopics(ctx, req)
	if errors.Is(err, kafka.BrokerNotAvailable) { // kafka-go does not say why
		if _, why := c.partitionCounts(ctx, stream.Usage.Topic().String()); why != nil {
			err = why
		}
	}
	if err != nil {
		return failed("create the topics: %w", err)
	}
	for _, t := range req.Topics {
		err := res.Errors[t.Topic]
		if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			return failed("create topic %s with %d partitions, %d replicas: %w", t.Topic, partitions, replication, err)
		}
	}
	counts, err := c.partitionCounts(ctx, names...)
	if err != nil {
		return failed("check the topics: %w", err)
	}
	for _, t := range req.Topics {
		switch n, ok := counts[t.Topic]; {
		case !ok:
			return failed("check topic %s: created but not visible yet: %w", t.Topic, kafka.UnknownTopicOrPartition)
		case n != partitions:
			return fault.As(fault.Setup, fmt.Errorf("topic %s has %d partitions, not %d: partitions cannot be changed without moving accounts; "+
				"use --partitions %d, or fresh topics and a rebuild", t.Topic, n, partitions, n))
		}
	}
	return nil
}

func topicConfig(topic stream.Topic, partitions int32, replication int) kafka.TopicConfig {
	set := func(name, value string) kafka.ConfigEntry {
		return kafka.ConfigEntry{ConfigName: name, ConfigValue: value}
	}
	t := kafka.TopicConfig{
		Topic: topic.String(), NumPartitions: int(partitions), ReplicationFactor: replication,
		ConfigEntries: []kafka.ConfigEntry{set("cleanup.policy", "delete"), set(uncleanElection, "false")},
	}
	if topic.Kind() == 0 { // the snapshot log
		t.ConfigEntries = append(t.ConfigEntries,
			set("retention.ms", strconv.Itoa(snapshotRetentionMS)),
			set("retention.bytes", strconv.Itoa(snapshotRetentionBytes)),
			set("segment.bytes", strconv.Itoa(snapshotSegmentBytes)), // which retention deletes as a whole
			set("max.message.bytes", strconv.Itoa(snapshotMaxBytes)))
	} else {
		// A producer's clock cannot fake for how long a record has been waiting.
		t.ConfigEntries = append(t.ConfigEntries, set("retention.ms", strconv.Itoa(inputRetentionMS)), set(timestampType, appendTime))
	}
	if replication > 1 {
		// acks=all then means at least two copies, and one broker may be down
		// when there are three replicas.
		t.ConfigEntries = append(t.ConfigEntries, set("min.insync.replicas", "2"))
	}
	return t
}
