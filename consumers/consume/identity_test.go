package consume

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"runrate/internal/stream"
)

// anew deletes a topic and makes it again, with nothing in it.
func (w *pipeline) anew(topic stream.Topic) {
	w.t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	c := kafka.Client{Addr: kafka.TCP(w.cluster.ListenAddrs()...), Timeout: 10 * time.Second, Transport: transport}
	deleted, err := c.DeleteTopics(w.t.Context(), &kafka.DeleteTopicsRequest{Topics: []string{topic.String()}})
	if err == nil {
		err = deleted.Errors[topic.String()]
	}
	if err != nil {
		w.t.Fatal(err)
	}
	made, err := c.CreateTopics(w.t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: topic.String(), NumPartitions: 1, ReplicationFactor: 1}}})
	if err == nil {
		err = made.Errors[topic.String()]
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestAnotherLogInheritsNothing: what an epoch leaves out is of its log. In one that
// was made anew the same offset is another record, which counts.
func TestAnotherLogInheritsNothing(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 1)
	w.history()
	topic := stream.Usage.Topic()
	out := stream.Place{Source: stream.Source{Topic: topic}, Offset: 1}
	if err := Rebuild(t.Context(), topic, "without the first tick", Change{Without: []stream.Place{out}}, w.options(zap.NewNop())); err != nil {
		t.Fatal(err)
	}
	const known = "SELECT concat(toString(exclusions), ' ', toString(length(log_identity))) FROM DB.epochs WHERE topic = 'runrate.usage' AND shown"
	if got := w.ask(known); got != "['runrate.usage/0@1'] 1" {
		t.Errorf("the first log: %s", got)
	}
	w.anew(topic)
	c := w.client()
	w.append(c, topic, 0, "", strings.Replace(bookRecord, `"id":"b1"`, `"id":"b2"`, 1))
	w.append(c, topic, 0, "", tickAt("2026-11-02T12:00:00Z"))
	w.more("anew")
	var none *NoGap
	if _, err := Resume(t.Context(), out.Source, "no", w.options(zap.NewNop())); !errors.As(err, &none) || !strings.Contains(err.Error(), "another log than epoch 1") {
		t.Errorf("a loss of another log: %v", err)
	}
	if err := Rebuild(t.Context(), topic, "made anew", Change{}, w.options(zap.NewNop())); err != nil {
		t.Fatal(err)
	}
	if got := w.ask(known) + ", " + w.revenue() + ", " + w.ask("SELECT toString((control, skipped, lost)) FROM DB.accounting WHERE topic = 'runrate.usage'"); got != "[] 1, 100, (2,0,0)" {
		t.Errorf("the second log: %s", got)
	}
}
