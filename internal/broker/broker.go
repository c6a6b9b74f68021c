// Package broker is all that runrate says to Kafka, except the consumer group
// protocol itself: topics, offsets, fetches, appends and fenced commits, each
// one request and its answer with every partition's error looked at.
//
// Start at Open, then Client. Nothing here retries: fault.KindOf says whether the
// caller may, and the typed errors (Gap, OutOfRange, Fenced, NoTopic, Corrupt)
// say what is to be done instead.
package broker

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/segmentio/kafka-go"

	"runrate/internal/stream"
)

// Client talks to one cluster. It is safe for concurrent use; requests to one
// broker share a pool of connections.
type Client struct {
	config    Config
	addr      net.Addr
	kafka     *kafka.Client
	transport *kafka.Transport
	patience  time.Duration // for the answer to a fetch, beyond its wait
}

// Open checks the settings and makes a client; it does not connect yet.
func Open(config Config) (*Client, error) {
	if len(config.Brokers) == 0 {
		return nil, errors.New("no Kafka broker given: set --brokers or RUNRATE_BROKERS to host:port")
	}
	transport, err := config.Transport()
	if err != nil {
		return nil, err
	}
	addr := kafka.TCP(config.Brokers...)
	return &Client{
		config:    config,
		addr:      addr,
		transport: transport,
		patience:  fetchPatience,
		kafka:     &kafka.Client{Addr: addr, Timeout: config.timeout(), Transport: transport},
	}, nil
}

// Config is what the client was opened with.
func (c *Client) Config() Config { return c.config }

// Named is a client of the same cluster and connections by which the input topics are
// called otherwise. Only the first client is to be closed.
func (c *Client) Named(names stream.Names) *Client {
	named := *c
	named.config.Topics = names
	return &named
}

// InKafka is a topic as Kafka has it: input topics may be called otherwise there.
func (c *Client) InKafka(t stream.Topic) stream.Topic { return c.config.Topics.Of(t) }

// inKafka is InKafka of a source.
func (c *Client) inKafka(s stream.Source) stream.Source {
	s.Topic = c.InKafka(s.Topic)
	return s
}

// Close drops the idle connections. Requests under way still finish.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Partitions is the number of partitions of a topic. A topic that the cluster
// does not have is NoTopic.
func (c *Client) Partitions(ctx context.Context, topic stream.Topic) (int32, error) {
	topic = c.InKafka(topic)
	counts, err := c.partitionCounts(ctx, topic.String())
	if err != nil {
		return 0, failed("count the partitions of %s: %w", topic, err)
	}
	n, ok := counts[topic.String()]
	if !ok {
		return 0, &NoTopic{Topic: topic}
	}
	return n, nil
}

// partitionCounts leaves out the topics that do not exist.
func (c *Client) partitionCounts(ctx context.Context, topics ...string) (map[string]int32, error) {
	res, err := c.kafka.Metadata(ctx, &kafka.MetadataRequest{Topics: topics})
	if err != nil {
		return nil, firstContact(err)
	}
	counts := make(map[string]int32, len(topics))
	for _, t := range res.Topics {
		if errors.Is(t.Error, kafka.UnknownTopicOrPartition) {
			continue
		}
		if t.Error != nil {
			return nil, failed("topic %s: %w", t.Name, t.Error)
		}
		seen := make(map[int]bool, len(t.Partitions))
		for _, p := range t.Partitions {
			seen[p.ID] = true
		}
		for id := range len(t.Partitions) {
			if !seen[id] {
				return nil, failed("topic %s: partition %d of %d is missing from the metadata: %w",
					t.Name, id, len(t.Partitions), kafka.LeaderNotAvailable)
			}
		}
		counts[t.Name] = int32(len(t.Partitions))
	}
	return counts, nil
}

// Sources are the partitions of a topic, in order.
func (c *Client) Sources(ctx context.Context, topic stream.Topic) ([]stream.Source, error) {
	n, err := c.Partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	sources := make([]stream.Source, n)
	for p := range n {
		sources[p] = stream.Source{Topic: topic, Partition: p}
	}
	return sources, nil
}
