package kafkacluster

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// Leader is the number of the node that leads a partition, as the nodes know it
// now; an error if none does.
func (c *Cluster) Leader(ctx context.Context, topic string, partition int32) (int, error) {
	leader := -1
	err := c.askAny(ctx, func(conn *kafka.Conn) error {
		ps, err := conn.ReadPartitions(topic)
		if err != nil {
			return err
		}
		for _, p := range ps {
			if p.ID == int(partition) {
				if p.Error != nil {
					return p.Error
				}
				leader = p.Leader.ID - 1
			}
		}
		if leader < 0 || leader >= len(c.nodes) {
			return kafka.LeaderNotAvailable
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("find the leader of %s/%d: %w", topic, partition, err)
	}
	return leader, nil
}

// WaitInSync waits until every node that runs sees every partition of the topics
// (none given: of all topics, those of the cluster itself too) with a leader and
// all its replicas in sync. It asks every node: one that has just come, or come
// back, may still see the past.
func (c *Cluster) WaitInSync(ctx context.Context, topics ...string) error {
	ctx, cancel := context.WithTimeout(ctx, startBound)
	defer cancel()
	return c.until(ctx, "wait for the replicas to be in sync", func(ctx context.Context) error {
		for i, n := range c.nodes {
			if !n.answers() {
				continue
			}
			if err := c.ask(ctx, i, func(conn *kafka.Conn) error { return inSync(conn, topics) }); err != nil {
				return fmt.Errorf("%s: %w", n.name(), err)
			}
		}
		return nil
	})
}

func inSync(conn *kafka.Conn, topics []string) error {
	ps, err := conn.ReadPartitions(topics...)
	if err != nil {
		return err
	}
	for _, p := range ps {
		if p.Error != nil {
			return fmt.Errorf("%s/%d: %w", p.Topic, p.ID, p.Error)
		}
		if len(p.Isr) < len(p.Replicas) {
			return fmt.Errorf("%s/%d: %d of %d replicas are in sync", p.Topic, p.ID, len(p.Isr), len(p.Replicas))
		}
	}
	return nil
}

// ElectPreferred gives the partition's leadership back to its preferred
// replica, which must be in sync, and returns the node that leads then.
func (c *Cluster) ElectPreferred(ctx context.Context, topic string, partition int32) (int, error) {
	var preferred int
	if err := c.askAny(ctx, func(conn *kafka.Conn) error {
		ps, err := conn.ReadPartitions(topic)
		if err != nil {
			return err
		}
		for _, p := range ps {
			if p.ID == int(partition) && len(p.Replicas) > 0 {
				preferred = p.Replicas[0].ID - 1
			}
		}
		return nil
	}); err != nil {
		return 0, fmt.Errorf("elect the preferred leader of %s/%d: %w", topic, partition, err)
	}
	client, closeClient := c.client()
	defer closeClient()
	ctx, cancel := context.WithTimeout(ctx, startBound)
	defer cancel()
	err := c.until(ctx, fmt.Sprintf("elect the preferred leader of %s/%d", topic, partition), func(ctx context.Context) error {
		if leader, err := c.Leader(ctx, topic, partition); err == nil && leader == preferred {
			return nil
		}
		res, err := client.ElectLeaders(ctx, &kafka.ElectLeadersRequest{Topic: topic, Partitions: []int{int(partition)}, Timeout: askBound})
		if err == nil {
			err = res.Error
		}
		if err != nil {
			return err
		}
		for _, p := range res.PartitionResults {
			if p.Error != nil {
				return p.Error
			}
		}
		return fmt.Errorf("node %d does not lead yet", preferred)
	})
	return preferred, err
}

// Coordinator is the number of the node that coordinates a consumer group.
func (c *Cluster) Coordinator(ctx context.Context, group string) (int, error) {
	client, closeClient := c.client()
	defer closeClient()
	ctx, cancel := context.WithTimeout(ctx, askBound)
	defer cancel()
	res, err := client.FindCoordinator(ctx, &kafka.FindCoordinatorRequest{Key: group, KeyType: kafka.CoordinatorKeyTypeConsumer})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return 0, fmt.Errorf("find the coordinator of group %s: %w", group, err)
	}
	return res.Coordinator.NodeID - 1, nil
}

// client is a kafka-go client of the nodes that can answer, with no memory of
// what the cluster was before.
func (c *Cluster) client() (*kafka.Client, func()) {
	var addrs []string
	for _, n := range c.nodes {
		if n.answers() {
			addrs = append(addrs, address(n.ports.broker))
		}
	}
	t := &kafka.Transport{ClientID: "runrate-test", DialTimeout: time.Second}
	return &kafka.Client{Addr: kafka.TCP(addrs...), Timeout: askBound, Transport: t}, t.CloseIdleConnections
}
