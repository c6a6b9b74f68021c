package consume

import (
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"runrate/internal/stream"
)

// compact switches the usage topic's compaction on, and lets it run.
func (w *pipeline) compact() {
	w.t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	c := kafka.Client{Addr: kafka.TCP(w.cluster.ListenAddrs()...), Timeout: 10 * time.Second, Transport: transport}
	res, err := c.IncrementalAlterConfigs(w.t.Context(), &kafka.IncrementalAlterConfigsRequest{Resources: []kafka.IncrementalAlterConfigsRequestResource{{
		ResourceType: kafka.ResourceTypeTopic, ResourceName: stream.Usage.Topic().String(),
		Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: "cleanup.policy", Value: "compact", ConfigOperation: kafka.ConfigOperationSet}},
	}}})
	if err == nil {
		err = res.Resources[0].Error
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.cluster.Compact()
}

// TestRebuildOverHoles: compaction has taken records out of the midst of the log
// (finding 18). A rebuild ends, with a sentence; told to do without, it counts what is
// left, and consumers go on from there.
func TestRebuildOverHoles(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 1)
	running := w.consume()
	w.history()
	for _, id := range []string{"1", "2", "3"} { // of one key: the last is left
		w.more(id)
	}
	w.all(tickAt("2026-11-03T01:00:00Z"))
	w.settle()
	if got := w.revenue(); got != "1100" {
		t.Fatalf("revenue is %s", got)
	}
	w.compact()
	err := Rebuild(t.Context(), stream.Usage.Topic(), "no", Change{}, w.options(zap.NewNop()))
	if err == nil || !strings.Contains(err.Error(), "the log begins at 2, and the 2 records from 0 on") {
		t.Fatalf("without a word: %v", err)
	}
	if err := Rebuild(t.Context(), stream.Usage.Topic(), "it was compacted", Change{AcceptLoss: true}, w.options(zap.NewNop())); err != nil {
		t.Fatal(err)
	}
	w.more("4")
	w.settle()
	// The book and the first tick are gone, two of the four events of one account, and
	// the one of it that was in the first four.
	if got := w.revenue() + ", " + w.ask("SELECT concat(toString(sum(refused)), ' refused, next - first = ', toString(sum(next_offset - first_offset)), ', lost ', toString(sum(lost)), ' in ', toString((SELECT count() FROM DB.losses))) FROM DB.accounting WHERE topic = 'runrate.usage'"); got != "900, 0 refused, next - first = 16, lost 5 in 3" {
		t.Errorf("revenue %s; %s", got, w.ask(lost))
	}
	for _, f := range w.failing() {
		t.Error(f)
	}
	for _, err := range running.halts() {
		t.Errorf("halted: %s", err)
	}
}
