package broker

import (
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"runrate/internal/fault"
	"runrate/schemas/topics"
)

// TestTime: the time is the one at which the broker says that it appended a
// record, to a topic that is created to keep such times; where a broker says
// none, that is an error, and no time.
func TestTime(t *testing.T) {
	k, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	var kept string
	k.ControlKey(int16(kmsg.CreateTopics), func(req kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		for _, topic := range req.(*kmsg.CreateTopicsRequest).Topics {
			for _, c := range topic.Configs {
				if topic.Topic == topics.Clock && c.Name == "message.timestamp.type" {
					kept = *c.Value
				}
			}
		}
		return nil, nil, false
	})
	c := open(t, Config{Brokers: k.ListenAddrs()})
	// The stand-in for Kafka keeps no times.
	deadline := time.Now().Add(20 * time.Second)
	for {
		_, err = c.Time(t.Context())
		if err != nil && fault.KindOf(err) != fault.Retry || time.Now().After(deadline) {
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), "topic runrate.clock does not keep it: set message.timestamp.type=LogAppendTime") || kept != "LogAppendTime" {
		t.Fatalf("%v, created with %q", err, kept)
	}
	want := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	k.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		res := req.(*kmsg.ProduceRequest).ResponseKind().(*kmsg.ProduceResponse)
		part, topic := kmsg.NewProduceResponseTopicPartition(), kmsg.NewProduceResponseTopic()
		part.LogAppendTime = want.UnixMilli()
		topic.Topic, topic.Partitions = topics.Clock, []kmsg.ProduceResponseTopicPartition{part}
		res.Topics = append(res.Topics, topic)
		return res, nil, true
	})
	if got, err := c.Time(t.Context()); err != nil || !got.Equal(want) {
		t.Errorf("%s: %v, want %s", got, err, want)
	}
}
