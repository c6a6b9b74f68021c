//go:build kafka

package kafkacluster_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/stream"
	"runrate/test/kafka/kafkatest"
)

func messages(from, to int) []broker.Message {
	var ms []broker.Message
	for i := from; i < to; i++ {
		ms = append(ms, broker.Message{Key: fmt.Appendf(nil, "k%d", i), Value: fmt.Appendf(nil, "v%d", i)})
	}
	return ms
}

// TestVersions: the versions of Kafka's requests that kafka-go and this release
// agree on. The consumer group's are fixed in kafka-go.
func TestVersions(t *testing.T) {
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	c := &kafka.Client{Addr: kafka.TCP(kafkatest.Cluster(t).Brokers()...), Transport: transport}
	res, err := c.ApiVersions(t.Context(), &kafka.ApiVersionsRequest{})
	if err != nil || res.Error != nil {
		t.Fatal(err, res)
	}
	t.Log("Kafka", kafkatest.Cluster(t).Version())
	ranges := map[protocol.ApiKey][2]int16{}
	for _, k := range res.ApiKeys {
		ranges[protocol.ApiKey(k.ApiKey)] = [2]int16{int16(k.MinVersion), int16(k.MaxVersion)}
	}
	for _, k := range []protocol.ApiKey{
		protocol.Metadata, protocol.Produce, protocol.Fetch, protocol.ListOffsets, protocol.OffsetCommit, protocol.OffsetFetch,
		protocol.FindCoordinator, protocol.CreateTopics, protocol.DeleteTopics, protocol.DeleteGroups, protocol.DescribeConfigs,
	} {
		r, ok := ranges[k]
		v := k.SelectVersion(r[0], r[1])
		t.Logf("%-16s broker %d..%d, kafka-go uses %d", k, r[0], r[1], v)
		if !ok || v < r[0] || v > r[1] {
			t.Errorf("%s: kafka-go and the broker have no version in common", k)
		}
	}
	for k, group := range map[protocol.ApiKey]int16{
		protocol.FindCoordinator: 0, protocol.JoinGroup: 2, protocol.SyncGroup: 0, protocol.Heartbeat: 0,
		protocol.LeaveGroup: 0, protocol.OffsetFetch: 1, protocol.Metadata: 6,
	} {
		if r := ranges[k]; group < r[0] || group > r[1] {
			t.Errorf("ConsumerGroup uses %s %d, the broker has %d..%d", k, group, r[0], r[1])
		}
	}
}

// TestANewTopicIsUnknownForAWhile: a client that has asked before learns of a new
// topic only when its view of the cluster is renewed: until then it says that there
// is none.
func TestANewTopicIsUnknownForAWhile(t *testing.T) {
	c := kafkatest.Client(t)
	if n, err := c.Partitions(t.Context(), kafkatest.Topic(t, 1)); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	topic := kafkatest.Topic(t, 3)
	began := time.Now()
	within(t, 10*time.Second, "the client learns of the topic", func() bool {
		n, err := c.Partitions(t.Context(), topic)
		var missing *broker.NoTopic
		if err != nil && !errors.As(err, &missing) {
			t.Fatal(err)
		}
		return n == 3
	})
	t.Logf("after %v", time.Since(began))
}

// TestEnsureTopics: the product's own topics, with three replicas of which two are
// needed.
func TestEnsureTopics(t *testing.T) {
	ctx := t.Context()
	c := kafkatest.Client(t)
	topics := append(stream.Inputs(), stream.Snapshots())
	var names []string
	for _, topic := range topics {
		names = append(names, topic.String())
	}
	t.Cleanup(func() { kafkatest.Delete(t, topics...) })
	var missing *broker.NoTopic
	if _, err := c.Partitions(ctx, stream.Usage.Topic()); !errors.As(err, &missing) {
		t.Fatalf("partitions of no topic: %v", err)
	}
	if err := c.EnsureTopics(ctx, 2, 4); err == nil || fault.Passes(err) {
		t.Fatalf("more replicas than brokers: %v", err)
	}
	for try := range 2 { // the second time they exist
		// Created is not yet known to every node: that may be tried again.
		within(t, 10*time.Second, "the topics are there", func() bool {
			err := c.EnsureTopics(ctx, 2, 3)
			if err != nil {
				t.Logf("try %d: retryable %v: %v", try, fault.Passes(err), err)
			}
			if err != nil && !fault.Passes(err) {
				t.Fatal(err)
			}
			return err == nil
		})
	}
	if err := kafkatest.Cluster(t).WaitInSync(ctx, names...); err != nil {
		t.Fatal(err)
	}
	if err := c.EnsureTopics(ctx, 3, 3); err == nil || fault.Passes(err) {
		t.Errorf("another partition count: %v", err)
	}
	for _, topic := range topics {
		sources, err := c.Sources(ctx, topic)
		if err != nil || len(sources) != 2 {
			t.Errorf("%s: %v, %v", topic, sources, err)
		}
	}
	want := map[string]string{
		stream.Usage.Topic().String() + " retention.ms": "-1", stream.Usage.Topic().String() + " cleanup.policy": "delete",
		stream.Usage.Topic().String() + " min.insync.replicas": "2", stream.Usage.Topic().String() + " unclean.leader.election.enable": "false",
		stream.Usage.Topic().String() + " message.timestamp.type": "LogAppendTime", stream.Snapshots().String() + " message.timestamp.type": "CreateTime",
		stream.Snapshots().String() + " cleanup.policy": "delete", stream.Snapshots().String() + " max.message.bytes": "8388608",
	}
	got := settings(t, stream.Usage.Topic().String(), stream.Snapshots().String())
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			t.Errorf("%s = %q, want %q", name, got[name], want[name])
		}
	}
	// A snapshot record may be larger than the brokers' default of 1 MiB, and
	// the brokers hold a reader to the batch, not to the bytes it asked for.
	large := []broker.Message{{Key: []byte("k"), Value: make([]byte, 7<<20)}}
	led(t, "append 7 MiB", func() error {
		_, err := c.Append(ctx, stream.Snapshots(), 0, large)
		return err
	})
	var rs []stream.Record
	led(t, "fetch 7 MiB", func() (err error) {
		rs, _, err = c.Fetch(ctx, stream.Source{Topic: stream.Snapshots()}, 0, 1<<20, time.Second)
		return err
	})
	if len(rs) != 1 || len(rs[0].Value) != 7<<20 {
		t.Errorf("fetch 7 MiB: %d records", len(rs))
	}
	led(t, "append 7 MiB to a topic that takes 1", func() error {
		_, err := c.Append(ctx, stream.Usage.Topic(), 0, large)
		if broker.TooLarge(err) {
			return nil
		}
		return cmp.Or(err, errors.New("it was taken"))
	})
}

// led does it again while the topic's partitions move to other leaders than the
// client knows of, as they do right after they were made. Another error ends the test.
func led(t *testing.T, what string, do func() error) {
	t.Helper()
	within(t, 10*time.Second, what, func() bool {
		err := do()
		if err != nil && !fault.Passes(err) {
			t.Fatalf("%s: %v", what, err)
		}
		return err == nil
	})
}

func settings(t *testing.T, topics ...string) map[string]string {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	c := &kafka.Client{Addr: kafka.TCP(kafkatest.Cluster(t).Brokers()...), Transport: transport, Timeout: 10 * time.Second}
	req := &kafka.DescribeConfigsRequest{}
	for _, topic := range topics {
		req.Resources = append(req.Resources, kafka.DescribeConfigRequestResource{ResourceType: kafka.ResourceTypeTopic, ResourceName: topic})
	}
	res, err := c.DescribeConfigs(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range res.Resources {
		for _, e := range r.ConfigEntries {
			got[r.ResourceName+" "+e.ConfigName] = e.ConfigValue
		}
	}
	return got
}

func TestAppendAndFetch(t *testing.T) {
	ctx := t.Context()
	c := kafkatest.Client(t)
	s := stream.Source{Topic: kafkatest.Topic(t, 2), Partition: 1}
	end := 0
	for i, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd", "none"} {
		compression, err := broker.ParseCompression(codec)
		if err != nil {
			t.Fatal(err)
		}
		next := end + 3 + 5*i
		base, err := c.AppendCompressed(ctx, s.Topic, s.Partition, messages(end, next), compression)
		if err != nil || base != stream.Offset(end) {
			t.Fatalf("append %s: base %d, want %d: %v", codec, base, end, err)
		}
		end = next
	}
	for from := stream.Offset(0); from <= stream.Offset(end); from++ {
		// A follower may not have told the leader yet how far it is.
		var rs []stream.Record
		within(t, 5*time.Second, "the high watermark", func() bool {
			var mark stream.Offset
			var err error
			rs, mark, err = c.Fetch(ctx, s, from, 1<<20, time.Millisecond)
			if err != nil {
				t.Fatalf("fetch from %d: %v", from, err)
			}
			return mark == stream.Offset(end)
		})
		if len(rs) != end-int(from) {
			t.Fatalf("fetch from %d: %d records of %d", from, len(rs), end)
		}
		for i, r := range rs {
			at := from + stream.Offset(i)
			if r.Offset != at || string(r.Key) != fmt.Sprintf("k%d", at) || string(r.Value) != fmt.Sprintf("v%d", at) || r.Time == 0 {
				t.Fatalf("fetch from %d: record %d is %+v", from, i, r)
			}
		}
	}
	// A fetch of few bytes yields at least one batch, from any offset in it.
	rs, _, err := c.Fetch(ctx, s, 12, 1, time.Millisecond)
	if err != nil || len(rs) == 0 || rs[0].Offset != 12 {
		t.Errorf("fetch of 1 byte: %d records, %v", len(rs), err)
	}
	offsets, err := c.Offsets(ctx, s.Topic)
	if err != nil || len(offsets) != 2 || offsets[0] != (broker.Range{}) || offsets[1] != (broker.Range{End: stream.Offset(end)}) {
		t.Errorf("offsets: %v, %v", offsets, err)
	}
	var outside *broker.OutOfRange
	if _, _, err := c.Fetch(ctx, s, stream.Offset(end+1), 1<<20, time.Millisecond); !errors.As(err, &outside) || outside.Range.End != stream.Offset(end) {
		t.Errorf("fetch past the end: %v", err)
	}
	// At the end a fetch waits, and no longer than it was told.
	began := time.Now()
	rs, _, err = c.Fetch(ctx, s, stream.Offset(end), 1<<20, 300*time.Millisecond)
	if took := time.Since(began); err != nil || len(rs) != 0 || took < 250*time.Millisecond || took > 3*time.Second {
		t.Errorf("fetch at the end: %d records after %v, %v", len(rs), took, err)
	}
	if _, err := c.Append(ctx, stream.Other("nowhere"), 0, messages(0, 1)); !fault.Passes(err) {
		t.Errorf("append to no topic: %v", err)
	}
}

func TestNullAndEmptyStayApart(t *testing.T) {
	c := kafkatest.Client(t)
	s := stream.Source{Topic: kafkatest.Topic(t, 1)}
	sent := []broker.Message{{Key: nil, Value: []byte("v")}, {Key: []byte{}, Value: []byte("v")}, {Key: []byte("k"), Value: nil}, {Key: []byte("k"), Value: []byte{}}}
	if _, err := c.Append(t.Context(), s.Topic, 0, sent); err != nil {
		t.Fatal(err)
	}
	rs, _, err := c.Fetch(t.Context(), s, 0, 1<<20, 5*time.Second)
	if err != nil || len(rs) != len(sent) {
		t.Fatal(len(rs), err)
	}
	for i, r := range rs {
		if (r.Key == nil) != (sent[i].Key == nil) || (r.Value == nil) != (sent[i].Value == nil) {
			t.Errorf("record %d is %q %q, sent %q %q", i, r.Key, r.Value, sent[i].Key, sent[i].Value)
		}
	}
}
