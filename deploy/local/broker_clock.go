package local

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

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
