package broker

import (
	"context"
	"errors"

	"github.com/segmentio/kafka-go"

	"runrate/internal/stream"
)

// Create creates an input topic with the settings of EnsureTopics, and as many replicas
// as another one has. One that exists is kafka.TopicAlreadyExists.
func (c *Client) Create(ctx context.Context, topic stream.Topic, partitions int32, like stream.Topic) error {
	topic, like = c.InKafka(topic), c.InKafka(like)
	ctx, cancel := context.WithTimeout(ctx, c.config.timeout())
	defer cancel()
	replicas, err := c.replicas(ctx, like)
	if err != nil {
		return err
	}
	res, err := c.kafka.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{topicConfig(topic, partitions, replicas)}})
	if err == nil {
		err = res.Errors[topic.String()]
	}
	if err != nil {
		return failed("create topic %s with %d partitions, %d replicas: %w", topic, partitions, replicas, err)
	}
	return nil
}

// replicas is how many a topic has of its first partition.
func (c *Client) replicas(ctx context.Context, topic stream.Topic) (int, error) {
	res, err := c.kafka.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic.String()}})
	if err != nil {
		return 0, firstContact(err)
	}
	for _, t := range res.Topics {
		if t.Name == topic.String() && t.Error == nil && len(t.Partitions) > 0 {
			return len(t.Partitions[0].Replicas), nil
		}
	}
	return 0, &NoTopic{Topic: topic}
}

// Grow adds partitions to a topic that has fewer. It is for the snapshot log only: in
// an input topic it moves accounts.
func (c *Client) Grow(ctx context.Context, topic stream.Topic, partitions int32) error {
	has, err := c.Partitions(ctx, topic)
	if err != nil || has >= partitions {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.timeout())
	defer cancel()
	res, err := c.kafka.CreatePartitions(ctx, &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: topic.String(), Count: partitions}}})
	if err == nil {
		err = res.Errors[topic.String()]
	}
	if err != nil && !errors.Is(err, kafka.InvalidPartitionNumber) { // somebody was faster
		return failed("add partitions to %s, up to %d: %w", topic, partitions, err)
	}
	return nil
}

// Exists says whether an error of Create is that the topic exists.
func Exists(err error) bool { return errors.Is(err, kafka.TopicAlreadyExists) }
