package broker

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go"

	"runrate/internal/stream"
)

const uncleanElection = "unclean.leader.election.enable"

// setting is the value of a topic's setting, be it its own or the brokers'. It takes
// the right to describe the topic's configuration. A broker may leave one out.
func (c *Client) setting(ctx context.Context, topic stream.Topic, name string) (value string, told bool, err error) {
	what := fmt.Sprintf("read %s of topic %s", name, topic)
	ctx, cancel := context.WithTimeout(ctx, c.config.timeout())
	defer cancel()
	res, err := c.kafka.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{
		{ResourceType: kafka.ResourceTypeTopic, ResourceName: topic.String(), ConfigNames: []string{name}},
	}})
	if err != nil {
		return "", false, failed("%s: %w", what, err)
	}
	for _, r := range res.Resources {
		if r.Error != nil {
			return "", false, failed("%s: %w", what, r.Error)
		}
		for _, e := range r.ConfigEntries {
			if e.ConfigName == name {
				return e.ConfigValue, true, nil
			}
		}
	}
	return "", false, nil
}

// Losing says what is to be said of a topic that may lose records which were
// acknowledged, and folded: one whose leader may be a replica that was not in sync.
// It is "" for any other, and where that cannot be read, which takes a right of its own.
func (c *Client) Losing(ctx context.Context, topic stream.Topic) (string, error) {
	topic = c.InKafka(topic)
	value, _, err := c.setting(ctx, topic, uncleanElection)
	if err != nil || value != "true" {
		return "", err
	}
	return fmt.Sprintf("topic %s has %s=true: after such an election it may lack records that were acknowledged and folded, which halts its partitions; set it to false",
		topic, uncleanElection), nil
}
