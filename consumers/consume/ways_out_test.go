package consume

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/zap"

	"runrate/consumers/snapshots"
	"runrate/consumers/state"
	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
)

// TestWaysOut breaks what a partition of usage stands on, between two lives of its
// consumers or under them, and goes the way out that the sentence names: the partition
// is halted for that reason, nothing that is shown changes meanwhile, and in the end all
// is proved. The ways out of the other reasons have tests of their own (ARCHITECTURE.md,
// what halts a partition).
func TestWaysOut(t *testing.T) {
	rebuild := func(w *pipeline) {
		for _, topic := range stream.Inputs() { // the topics share a log of snapshots
			if err := Rebuild(w.t.Context(), topic, "the way out", Change{}, w.options(zap.NewNop())); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		reason   worker.Reason
		sentence string
		breaks   func(w *pipeline)
		wayOut   func(w *pipeline)
	}{
		{worker.CommitLost, "refold it with `runrate rebuild usage`", (*pipeline).loseCommits, rebuild},
		{worker.SnapshotLost, "refold it with `runrate rebuild usage`", (*pipeline).loseSnapshots, rebuild},
		{worker.Overflow, "overflow: ", (*pipeline).overflow, rebuild},
	} {
		t.Run(string(c.reason), func(t *testing.T) {
			t.Parallel()
			w := newPipeline(t, 1)
			running := w.consume()
			w.history()
			w.settle()
			running.stop()
			c.breaks(w)
			w.more("later")
			w.consume()
			w.halted(c.reason, c.sentence)
			if got := w.revenue(); got != "800" {
				t.Errorf("while it is halted revenue is %s", got)
			}
			c.wayOut(w)
			w.mended(c.reason)
		})
	}
}

// TestCorruptAndBack: what the broker serves fails its checksum: the partition is
// halted, and goes on by itself once another replica serves.
func TestCorruptAndBack(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 1)
	var damaged atomic.Bool
	w.cluster.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		w.cluster.KeepControl()
		fetch := req.(*kmsg.FetchRequest)
		if !damaged.Load() || len(fetch.Topics) != 1 || fetch.Topics[0].Topic != stream.Usage.Topic().String() {
			return nil, nil, false
		}
		return damagedAnswer(fetch), nil, true
	})
	w.consume()
	w.history()
	w.settle()
	damaged.Store(true)
	w.more("later")
	w.halted(worker.Corrupt, "the records are damaged")
	damaged.Store(false)
	w.mended(worker.Corrupt)
}

// halted waits until the partition of usage is halted for a reason, in a sentence that
// has these words.
func (w *pipeline) halted(reason worker.Reason, words string) {
	w.t.Helper()
	within(w.t, "the partition is halted: "+string(reason), func() bool {
		return w.ask("SELECT toString(countIf(topic = 'runrate.usage' AND status = 'halted' AND reason = '"+string(reason)+"')) FROM DB.freshness") == "1"
	})
	sentence := w.ask("SELECT anyIf(detail, topic = 'runrate.usage' AND status = 'halted') FROM DB.freshness")
	if !strings.Contains(sentence, words) {
		w.t.Errorf("%q does not say %q", sentence, words)
	}
}

// mended waits until all is folded, and wants it proved.
func (w *pipeline) mended(reason worker.Reason) {
	w.t.Helper()
	within(w.t, "nothing is halted", func() bool { return w.ask("SELECT toString(countIf(status != 'ok')) FROM DB.freshness") == "0" })
	w.settle()
	if got := w.revenue(); got != "900" {
		w.t.Errorf("%s: revenue is %s afterwards", reason, got)
	}
	for _, f := range w.failing() {
		w.t.Errorf("%s: %s", reason, f)
	}
}

// loseCommits is what happens to the offsets of a group that nobody was in for long.
func (w *pipeline) loseCommits() {
	w.t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	c := kafka.Client{Addr: kafka.TCP(w.brokers...), Timeout: 10 * time.Second, Transport: transport}
	within(w.t, "the group is deleted", func() bool { // it is empty in a moment
		res, err := c.DeleteGroups(w.t.Context(), &kafka.DeleteGroupsRequest{GroupIDs: []string{stream.Usage.Group()}})
		return err == nil && res.Errors[stream.Usage.Group()] == nil
	})
}

// loseSnapshots deletes what the log of snapshots holds.
func (w *pipeline) loseSnapshots() {
	w.t.Helper()
	held, err := w.client().Range(w.t.Context(), stream.Source{Topic: stream.Snapshots()})
	if err == nil {
		err = w.cluster.DeleteRecords(stream.Snapshots().String(), 0, int64(held.End))
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// overflow puts a state in place of the committed one in which an account's days are
// each within their bound and together more than net_new_arr holds: no log of a size
// that a test can have leads there.
func (w *pipeline) overflow() {
	w.t.Helper()
	ctx, client := w.t.Context(), w.client()
	source := stream.Source{Topic: stream.Usage.Topic()}
	var commit broker.Commit
	commits, err := client.Committed(ctx, stream.Usage.Group(), source.Topic)
	if err == nil {
		commit = commits[0]
	}
	var labels snapshots.Labels
	var pointer snapshots.Pointer
	if err == nil {
		pointer, err = snapshots.ParsePointer(commit.Metadata)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	e, err := w.options(zap.NewNop()).current(ctx, source.Topic)
	if err != nil {
		w.t.Fatal(err)
	}
	labels = snapshots.Labels{Source: source, Epoch: e.Epoch, Settings: e.settings()}
	var parts []*snapshot.Record
	_, _, err = snapshots.Restore(ctx, client, labels, pointer, commit.Next, func(r *snapshot.Record) error {
		parts = append(parts, r)
		return nil
	})
	amount, bad := money.Parse("9000000000000000000000000")
	if err != nil || bad != nil {
		w.t.Fatal(err, bad)
	}
	day := calendar.DayOf(event.TimeOf(time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)))
	for _, name := range []string{"huge_1", "huge_2"} {
		parts = append(parts, &snapshot.Record{State: &snapshot.Record_Usage{Usage: &snapshot.UsageState{Accounts: []*snapshot.UsageAccount{{
			Account: name, Holdings: []*snapshot.Holding{{Line: "api", Currency: "USD", Days: []*snapshot.DayRevenue{{Day: int32(day), Revenue: state.Encode(amount)}}}}}}}}})
	}
	chain := snapshots.NewChain(labels)
	if err := chain.Append(ctx, client, commit.Next, true, time.Now(), slices.Values(parts)); err != nil {
		w.t.Fatal(err)
	}
	planted, _ := chain.Pointer()
	w.commit(source, commit.Next, planted.String())
}

// commit commits for a group that has no member.
func (w *pipeline) commit(source stream.Source, next stream.Offset, metadata string) {
	w.t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	c := kafka.Client{Addr: kafka.TCP(w.brokers...), Timeout: 10 * time.Second, Transport: transport}
	within(w.t, "the group is empty", func() bool {
		res, err := c.OffsetCommit(w.t.Context(), &kafka.OffsetCommitRequest{GroupID: source.Topic.Kind().Group(), GenerationID: -1,
			Topics: map[string][]kafka.OffsetCommit{source.Topic.String(): {{Partition: int(source.Partition), Offset: int64(next), Metadata: metadata}}}})
		return err == nil && res.Topics[source.Topic.String()][0].Error == nil
	})
}

// damagedAnswer is the answer to a fetch whose batch fails its checksum.
func damagedAnswer(fetch *kmsg.FetchRequest) kmsg.Response {
	asked := fetch.Topics[0].Partitions[0]
	batch := kmsg.RecordBatch{FirstOffset: asked.FetchOffset, Magic: 2, LastOffsetDelta: 0, NumRecords: 1,
		ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1, Records: []byte{12, 0, 0, 0, 1, 0, 0}, CRC: 1}
	batch.Length = int32(49 + len(batch.Records))
	p := kmsg.NewFetchResponseTopicPartition()
	p.Partition, p.HighWatermark, p.LastStableOffset, p.RecordBatches = asked.Partition, asked.FetchOffset+1, asked.FetchOffset+1, batch.AppendTo(nil)
	topic := kmsg.NewFetchResponseTopic()
	topic.Topic, topic.Partitions = fetch.Topics[0].Topic, []kmsg.FetchResponseTopicPartition{p}
	res := fetch.ResponseKind().(*kmsg.FetchResponse)
	res.Topics = append(res.Topics, topic)
	return res
}
