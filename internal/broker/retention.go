package broker

import (
	"context"
	"fmt"
	"strconv"

	"github.com/segmentio/kafka-go"

	"runrate/internal/stream"
)

const retentionBytes = "retention.bytes"

// Unlimited is a retention by which nothing is ever deleted for its size.
const Unlimited = -1

// RetentionBytes is how many bytes of each partition of a topic are kept at least.
func (c *Client) RetentionBytes(ctx context.Context, topic stream.Topic) (int64, error) {
	topic = c.InKafka(topic)
	value, told, err := c.setting(ctx, topic, retentionBytes)
	if err != nil {
		return 0, err
	}
	if !told {
		return 0, failed("read %s of topic %s: the broker left it out: %w", retentionBytes, topic, kafka.Unknown)
	}
	bytes, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return 0, failed("read %s of topic %s: %w", retentionBytes, topic, err)
	}
	return bytes, nil
}

// SetRetentionBytes changes it, which takes the right to alter the topic.
func (c *Client) SetRetentionBytes(ctx context.Context, topic stream.Topic, bytes int64) error {
	topic = c.InKafka(topic)
	what := fmt.Sprintf("set %s of topic %s", retentionBytes, topic)
	ctx, cancel := context.WithTimeout(ctx, c.config.timeout())
	defer cancel()
	res, err := c.kafka.IncrementalAlterConfigs(ctx, &kafka.IncrementalAlterConfigsRequest{Resources: []kafka.IncrementalAlterConfigsRequestResource{{
		ResourceType: kafka.ResourceTypeTopic, ResourceName: topic.String(),
		Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: retentionBytes, Value: strconv.FormatInt(bytes, 10), ConfigOperation: kafka.ConfigOperationSet}},
	}}})
	if err != nil {
		return failed("%s: %w", what, err)
	}
	for _, r := range res.Resources {
		if r.Error != nil {
			return failed("%s: %w", what, r.Error)
		}
	}
	return nil
}
