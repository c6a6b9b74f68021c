package broker

import (
	"errors"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// UnknownTopic says whether an error is that the cluster has no such topic or
// partition. What brokers and client know of topics is seconds old: right after one
// is created, that is no news.
func UnknownTopic(err error) bool {
	var missing *NoTopic
	return errors.As(err, &missing) || errors.Is(err, kafka.UnknownTopicOrPartition) ||
		errors.Is(err, protocol.ErrNoTopic) || errors.Is(err, protocol.ErrNoPartition)
}
