package consume

import (
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"runrate/internal/stream"
)

// TestWarnsOfUncleanElections: a consumer that begins says what a topic's settings put
// at risk, and nothing of one that is safe.
func TestWarnsOfUncleanElections(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 1)
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	c := kafka.Client{Addr: kafka.TCP(w.brokers...), Timeout: 10 * time.Second, Transport: transport}
	res, err := c.IncrementalAlterConfigs(t.Context(), &kafka.IncrementalAlterConfigsRequest{Resources: []kafka.IncrementalAlterConfigsRequestResource{{
		ResourceType: kafka.ResourceTypeTopic, ResourceName: stream.Usage.Topic().String(),
		Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: "unclean.leader.election.enable", Value: "true", ConfigOperation: kafka.ConfigOperationSet}},
	}}})
	if err != nil || res.Resources[0].Error != nil {
		t.Fatal(err, res)
	}
	for topic, want := range map[stream.Topic]int{stream.Usage.Topic(): 1, stream.Subscriptions.Topic(): 0} {
		logger, logs := logged()
		w.options(logger).warn(t.Context(), topic)
		if got := logs.All(); len(got) != want || want > 0 && !strings.Contains(got[0].Message, "unclean.leader.election.enable=true") {
			t.Errorf("%s: %v", topic, got)
		}
	}
}
