package broker

import (
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"runrate/internal/fault"
	"runrate/internal/stream"
)

// TestLosing: a topic that has unclean elections on is warned of, no other; what must
// not be read is no warning.
func TestLosing(t *testing.T) {
	k, c := cluster(t, kfake.SeedTopics(1, stream.Usage.Topic().String()))
	unsafe := stream.Subscriptions.Topic()
	res, err := c.kafka.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{
		Topic: unsafe.String(), NumPartitions: 1, ReplicationFactor: 1,
		ConfigEntries: []kafka.ConfigEntry{{ConfigName: uncleanElection, ConfigValue: "true"}},
	}}})
	if err != nil || res.Errors[unsafe.String()] != nil {
		t.Fatal(err, res)
	}
	if warning, err := c.Losing(t.Context(), stream.Usage.Topic()); err != nil || warning != "" {
		t.Errorf("%q, %v", warning, err)
	}
	want := "topic runrate.subscriptions has unclean.leader.election.enable=true: "
	if warning, err := c.Losing(t.Context(), unsafe); err != nil || !strings.HasPrefix(warning, want) {
		t.Errorf("%q, %v", warning, err)
	}
	k.ControlKey(int16(kmsg.DescribeConfigs), func(req kmsg.Request) (kmsg.Response, error, bool) {
		res := req.ResponseKind().(*kmsg.DescribeConfigsResponse)
		r := kmsg.NewDescribeConfigsResponseResource()
		r.ResourceName, r.ErrorCode = unsafe.String(), int16(kafka.TopicAuthorizationFailed)
		res.Resources = append(res.Resources, r)
		return res, nil, true
	})
	if warning, err := c.Losing(t.Context(), unsafe); fault.KindOf(err) != fault.Setup || warning != "" {
		t.Errorf("without the right: %q, %v", warning, err)
	}
}
