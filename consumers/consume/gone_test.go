package consume

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"runrate/internal/stream"
)

// TestTopicIsDeleted: that is seen, with the way out; and once the topic is made anew,
// which is another log, the way out leads back to numbers.
func TestTopicIsDeleted(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 1)
	running := w.consume()
	w.history()
	w.settle()
	topic := stream.Usage.Topic()
	kafkaClient := kafka.Client{Addr: kafka.TCP(w.brokers...), Timeout: 10 * time.Second, Transport: &kafka.Transport{}}
	if res, err := kafkaClient.DeleteTopics(t.Context(), &kafka.DeleteTopicsRequest{Topics: []string{topic.String()}}); err != nil || res.Errors[topic.String()] != nil {
		t.Fatal(err, res)
	}
	within(t, "the partition is halted", func() bool { return len(running.halts()) > 0 })
	if says := running.halts()[0]; !strings.Contains(says, "runrate.usage/0 is halted (foreign_log)") || !strings.Contains(says, "the topic was deleted; where it is made anew it is another log") {
		t.Errorf("%s", says)
	}
	within(t, "SQL sees it", func() bool {
		return w.ask("SELECT concat(status, ' ', reason) FROM DB.freshness WHERE topic = 'runrate.usage'") == "halted foreign_log"
	})
	if got := w.revenue(); got != "800" {
		t.Errorf("revenue %s", got)
	}
	running.stop() // what Run says of a missing topic is another matter

	if err := w.client().EnsureTopics(t.Context(), 1, 1); err != nil {
		t.Fatal(err)
	}
	w.historyOf(topic)
	w.consume()
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	if err := Rebuild(ctx, topic, "made anew", Change{}, w.options(zap.NewNop())); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if got := w.numbers(); got != numbers {
		t.Errorf("%s, want %s", got, numbers)
	}
	w.verify("after the rebuild")
}
