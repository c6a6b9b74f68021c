package kafkacluster

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/segmentio/kafka-go"
)

// DeleteTopics deletes topics and returns when no running node knows them any
// more, so that they may be created again. A topic that does not exist is no
// error.
func (c *Cluster) DeleteTopics(ctx context.Context, topics ...string) error {
	client, closeClient := c.client()
	defer closeClient()
	return c.until(ctx, fmt.Sprintf("delete topics %v", topics), func(ctx context.Context) error {
		res, err := client.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: topics})
		if err != nil {
			return err
		}
		for _, err := range res.Errors {
			if err != nil && !errors.Is(err, kafka.UnknownTopicOrPartition) {
				return err
			}
		}
		for i, n := range c.nodes {
			if !n.answers() {
				continue
			}
			if err := c.ask(ctx, i, func(conn *kafka.Conn) error {
				ps, err := conn.ReadPartitions()
				if err != nil {
					return err
				}
				for _, p := range ps {
					if slices.Contains(topics, p.Topic) {
						return fmt.Errorf("node %d still knows topic %s", i, p.Topic)
					}
				}
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
}
