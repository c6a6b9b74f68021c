package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/twmb/franz-go/pkg/kfake"

	"runrate/internal/event"
	"runrate/internal/fault"
	"runrate/internal/stream"
)

// cluster starts an embedded broker without topics and a client of it.
func cluster(t *testing.T, opts ...kfake.Opt) (*kfake.Cluster, *Client) {
	t.Helper()
	k, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	c, err := Open(Config{Brokers: k.ListenAddrs(), Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return k, c
}

func messages(from, to int) []Message {
	var ms []Message
	for i := from; i < to; i++ {
		ms = append(ms, Message{Key: fmt.Appendf(nil, "k%d", i), Value: fmt.Appendf(nil, "v%d", i)})
	}
	return ms
}

func TestEnsureTopics(t *testing.T) {
	ctx := t.Context()
	_, c := cluster(t)
	var missing *NoTopic
	if _, err := c.Partitions(ctx, stream.Usage.Topic()); !errors.As(err, &missing) || fault.Passes(err) {
		t.Fatalf("partitions of no topic: %v", err)
	}
	for range 2 { // the second time they exist
		if err := c.EnsureTopics(ctx, 4, 1); err != nil {
			t.Fatal(err)
		}
	}
	for _, topic := range append(stream.Inputs(), stream.Snapshots()) {
		if n, err := c.Partitions(ctx, topic); n != 4 || err != nil {
			t.Errorf("%s: %d partitions, %v", topic, n, err)
		}
	}
	err := c.EnsureTopics(ctx, 8, 1)
	if err == nil || !strings.Contains(err.Error(), "has 4 partitions, not 8") {
		t.Errorf("another partition count: %v", err)
	}
	if err := c.EnsureTopics(ctx, 0, 1); err == nil {
		t.Error("0 partitions accepted")
	}
	res, err := c.kafka.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{
		{ResourceType: kafka.ResourceTypeTopic, ResourceName: stream.Usage.Topic().String()},
		{ResourceType: kafka.ResourceTypeTopic, ResourceName: stream.Snapshots().String()},
	}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range res.Resources {
		for _, e := range r.ConfigEntries {
			got[r.ResourceName+" "+e.ConfigName] = e.ConfigValue
		}
	}
	for name, want := range map[string]string{
		"runrate.usage cleanup.policy": "delete",

		"runrate.usage unclean.leader.election.enable":     "false",
		"runrate.snapshots unclean.leader.election.enable": "false",
		"runrate.usage retention.ms":                       "-1",
		"runrate.snapshots cleanup.policy":                 "delete",
		"runrate.snapshots retention.ms":                   "-1",
		"runrate.snapshots max.message.bytes":              "8388608",
	} {
		if got[name] != want {
			t.Errorf("%s = %q, want %q", name, got[name], want)
		}
	}
}

func TestAppendAndFetch(t *testing.T) {
	ctx := t.Context()
	k, c := cluster(t, kfake.SeedTopics(2, stream.Usage.Topic().String()))
	s := stream.Source{Topic: stream.Usage.Topic(), Partition: 1}
	for _, batch := range [][2]int{{0, 5}, {5, 6}, {6, 20}} {
		base, err := c.Append(ctx, s.Topic, s.Partition, messages(batch[0], batch[1]))
		if err != nil || base != stream.Offset(batch[0]) {
			t.Fatalf("append %v: base %d, %v", batch, base, err)
		}
	}
	for from := stream.Offset(0); from <= 20; from++ {
		rs, end, err := c.Fetch(ctx, s, from, 1<<20, time.Millisecond)
		if err != nil || end != 20 || len(rs) != int(20-from) {
			t.Fatalf("fetch from %d: %d records, end %d, %v", from, len(rs), end, err)
		}
		for i, r := range rs {
			at := from + stream.Offset(i)
			if r.Offset != at || string(r.Key) != fmt.Sprintf("k%d", at) || string(r.Value) != fmt.Sprintf("v%d", at) || r.Time == 0 {
				t.Fatalf("fetch from %d: record %d is %+v", from, i, r)
			}
		}
	}
	offsets, err := c.Offsets(ctx, s.Topic)
	if err != nil || len(offsets) != 2 || offsets[0] != (Range{}) || offsets[1] != (Range{0, 20}) {
		t.Errorf("offsets: %v, %v", offsets, err)
	}
	var outside *OutOfRange
	if _, _, err := c.Fetch(ctx, s, 21, 1<<20, time.Millisecond); !errors.As(err, &outside) || outside.Range != (Range{0, 20}) || fault.Passes(err) {
		t.Errorf("fetch past the end: %v", err)
	}
	if err := k.DeleteRecords(s.Topic.String(), s.Partition, 7); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Fetch(ctx, s, 3, 1<<20, time.Millisecond); !errors.As(err, &outside) || outside.Range != (Range{7, 20}) {
		t.Errorf("fetch before the start: %v", err)
	}
	if _, _, err := c.Fetch(ctx, s, -1, 1<<20, time.Millisecond); !errors.As(err, &outside) {
		t.Errorf("fetch at -1: %v", err)
	}
	if _, err := c.Append(ctx, s.Topic, s.Partition, nil); err == nil {
		t.Error("an empty append passed")
	}
}

func TestAppendKeepsNullAndEmptyApart(t *testing.T) {
	ctx := t.Context()
	_, c := cluster(t, kfake.SeedTopics(1, stream.Usage.Topic().String()))
	s := stream.Source{Topic: stream.Usage.Topic()}
	sent := []Message{{Value: []byte("v")}, {Key: []byte{}, Value: []byte("v")}, {Key: []byte("k"), Time: 1_700_000_000_123_000}, {Key: []byte("k"), Value: []byte{}},
		{Headers: []event.Header{{Name: "ce_id", Value: []byte("\xff")}, {Name: "ce_id", Value: []byte{}}, {Name: "", Value: nil}}}}
	for i, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		compression, err := ParseCompression(codec)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.AppendCompressed(ctx, s.Topic, 0, sent, compression); err != nil {
			t.Fatal(codec, err)
		}
		rs, _, err := c.Fetch(ctx, s, stream.Offset(i*len(sent)), 1<<20, time.Millisecond)
		if err != nil || len(rs) != len(sent) {
			t.Fatal(codec, len(rs), err)
		}
		for j, r := range rs {
			if !reflect.DeepEqual(r.Headers, sent[j].Headers) {
				t.Errorf("%s: the headers of record %d are %q, sent %q", codec, j, r.Headers, sent[j].Headers)
			}
			if (r.Key == nil) != (sent[j].Key == nil) || (r.Value == nil) != (sent[j].Value == nil) ||
				sent[j].Time != 0 && r.Time != sent[j].Time || string(r.Key) != string(sent[j].Key) || string(r.Value) != string(sent[j].Value) {
				t.Errorf("%s: record %d is %q %q of %d, sent %q %q of %d", codec, j, r.Key, r.Value, r.Time, sent[j].Key, sent[j].Value, sent[j].Time)
			}
		}
	}
	if _, err := ParseCompression("brotli"); err == nil {
		t.Error("brotli accepted")
	}
}

func TestAppendTooLarge(t *testing.T) {
	_, c := cluster(t, kfake.SeedTopics(1, stream.Usage.Topic().String()))
	_, err := c.Append(t.Context(), stream.Usage.Topic(), 0, []Message{{Value: make([]byte, 2<<20)}})
	if !TooLarge(err) || fault.Passes(err) {
		t.Errorf("2 MiB: %v", err)
	}
}

func TestFaults(t *testing.T) {
	k, c := cluster(t, kfake.SeedTopics(1, stream.Usage.Topic().String()))
	if _, err := c.Append(t.Context(), stream.Usage.Topic(), 0, messages(0, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Append(t.Context(), stream.Other("runrate.nowhere"), 0, messages(0, 1)); !fault.Passes(err) {
		t.Errorf("append to a topic not in the metadata: %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Append(canceled, stream.Usage.Topic(), 0, messages(0, 1)); err == nil || fault.Passes(err) {
		t.Errorf("canceled: %v", err)
	}
	addrs := k.ListenAddrs()
	k.Close()
	if _, err := c.Append(t.Context(), stream.Usage.Topic(), 0, messages(0, 1)); !fault.Passes(err) {
		t.Errorf("broker gone: %v", err)
	}
	unreachable, err := Open(Config{Brokers: addrs})
	if err != nil {
		t.Fatal(err)
	}
	defer unreachable.Close()
	if _, err := unreachable.Partitions(t.Context(), stream.Usage.Topic()); !fault.Passes(err) {
		t.Errorf("no broker there: %v", err)
	}
	for err, want := range map[error]fault.Kind{
		errors.New("else"): fault.Defect, kafka.OffsetMetadataTooLarge: fault.Defect,
		kafka.Unknown: fault.Retry, kafka.NotLeaderForPartition: fault.Retry, kafka.BrokerNotAvailable: fault.Retry,
		protocol.ErrNoLeader: fault.Retry, context.DeadlineExceeded: fault.Retry, io.ErrUnexpectedEOF: fault.Retry,
		kafka.TopicAuthorizationFailed: fault.Setup, kafka.SASLAuthenticationFailed: fault.Setup, &NoTopic{}: fault.Setup,
		&Fenced{Err: kafka.RebalanceInProgress}: fault.Fenced, context.Canceled: fault.Canceled,
		&Gap{}: fault.Defect, &OutOfRange{}: fault.Defect, &Corrupt{Err: io.EOF}: fault.Defect,
	} {
		if got := fault.KindOf(failed("ask: %w", err)); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
}

// TestRetentionBytes: the retention of a topic can be read and changed.
func TestRetentionBytes(t *testing.T) {
	_, c := cluster(t)
	if err := c.EnsureTopics(t.Context(), 1, 1); err != nil {
		t.Fatal(err)
	}
	if got, err := c.RetentionBytes(t.Context(), stream.Snapshots()); err != nil || got != snapshotRetentionBytes {
		t.Errorf("%d, %v", got, err)
	}
	if err := c.SetRetentionBytes(t.Context(), stream.Snapshots(), 1<<40); err != nil {
		t.Error(err)
	}
	if got, err := c.RetentionBytes(t.Context(), stream.Snapshots()); err != nil || got != 1<<40 {
		t.Errorf("%d, %v", got, err)
	}
	if _, err := c.RetentionBytes(t.Context(), stream.Other("no.such.topic")); err == nil {
		t.Error("of a topic that is not there")
	}
}
