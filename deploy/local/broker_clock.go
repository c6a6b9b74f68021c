package local

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// keepProducersTimes takes out of a request what kfake would keep as a setting and not do:
// who reads that a topic has the times of appends would believe a producer's clock.
func keepProducersTimes(req *kmsg.CreateTopicsRequest, clock string) {
	for i := range req.Topics {
		if t := &req.Topics[i]; t.Topic != clock {
			t.Configs = slices.DeleteFunc(t.Configs, func(c kmsg.CreateTopicsRequestTopicConfig) bool { return c.Name == "message.timestamp.type" })
		}
	}
}

// tellTime answers appends to a topic with the time of the append, as Kafka does
// for a topic that keeps it (message.timestamp.type=LogAppendTime), which kfake
// does not. Nothing is stored: whoever appends there only wants to know the time.
func tellTime(req *kmsg.ProduceRequest, topic string) (kmsg.Response, error, bool) {
	if len(req.Topics) != 1 || req.Topics[0].Topic != topic {
		return nil, nil, false
	}
	now := time.Now().UnixMilli()
	resp := req.ResponseKind().(*kmsg.ProduceResponse)
	answer := kmsg.NewProduceResponseTopic()
	answer.Topic = topic
	for _, p := range req.Topics[0].Partitions {
		part := kmsg.NewProduceResponseTopicPartition()
		part.Partition, part.BaseOffset, part.LogAppendTime = p.Partition, 0, now
		answer.Partitions = append(answer.Partitions, part)
	}
	resp.Topics = append(resp.Topics, answer)
	return resp, nil, true
}
