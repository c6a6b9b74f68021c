package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"runrate/internal/fault"
	"runrate/schemas/topics"
)

// Time returns what the clock of a broker says. Kafka has no request for that; a
// broker tells its time only as the time at which it appended a record to a topic
// that keeps such times. Nothing but events and ticks goes to the input topics, so there
// is a topic for it, which Time creates where it is missing: one partition, one
// record for each time that a ticker starts, kept for an hour.
func (c *Client) Time(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.timeout())
	defer cancel()
	set := func(name, value string) kafka.ConfigEntry {
		return kafka.ConfigEntry{ConfigName: name, ConfigValue: value}
	}
	created, err := c.kafka.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{
		Topic: topics.Clock, NumPartitions: 1, ReplicationFactor: -1, // as many as the cluster's default
		ConfigEntries: []kafka.ConfigEntry{
			set(timestampType, appendTime), set("cleanup.policy", "delete"), set("retention.ms", "3600000"),
		},
	}}})
	if err == nil {
		err = created.Errors[topics.Clock]
	}
	if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
		return time.Time{}, failed("ask the broker for its time: create topic %s: %w", topics.Clock, firstContact(err))
	}
	res, err := c.kafka.Produce(ctx, &kafka.ProduceRequest{
		Topic: topics.Clock, RequiredAcks: kafka.RequireAll, Records: &messageReader{messages: []Message{{}}},
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return time.Time{}, failed("ask the broker for its time: append to %s: %w", topics.Clock, err)
	}
	if res.LogAppendTime.IsZero() {
		return time.Time{}, fault.As(fault.Setup, fmt.Errorf("ask the broker for its time: topic %s does not keep it: set message.timestamp.type=LogAppendTime on the topic", topics.Clock))
	}
	return res.LogAppendTime, nil
}
