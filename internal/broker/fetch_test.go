package broker

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"runrate/internal/fault"
	"runrate/internal/stream"
)

func recordsAt(offsets ...int64) kafka.RecordReader {
	var rs []kafka.Record
	for _, o := range offsets {
		rs = append(rs, kafka.Record{Offset: o, Value: kafka.NewBytes([]byte("v"))})
	}
	return kafka.NewRecordReader(rs...)
}

func TestCollectIsContiguous(t *testing.T) {
	s := stream.Source{Topic: stream.Usage.Topic(), Partition: 3}
	for _, tt := range []struct {
		name      string
		set       kafka.RecordReader
		records   int
		want, got stream.Offset // of the gap
	}{
		{"nothing", recordsAt(), 0, 0, 0},
		{"from the offset", recordsAt(10, 11, 12), 3, 0, 0},
		{"batch starts before", recordsAt(7, 8, 9, 10, 11), 2, 0, 0},
		{"starts after", recordsAt(11, 12), 0, 10, 11},
		{"hole", recordsAt(10, 12), 1, 0, 0},
		{"hole before it is no matter", recordsAt(7, 9, 10), 1, 0, 0},
		{"goes back", recordsAt(10, 11, 10), 0, 12, 10},
		{"hole at the offset", recordsAt(8, 9, 11), 0, 10, 11},
		{"only before", recordsAt(7, 8, 9), 0, 10, 9},
		{"a marker fills its offset", set(outside(10, 11), marker(7, 12), outside(13)), 4, 0, 0},
		{"hole after a marker", set(marker(7, 10), outside(12)), 1, 0, 0},
		{"hole before a marker", set(outside(10), marker(7, 12)), 1, 0, 0},
		{"only a marker before", set(marker(7, 9)), 0, 10, 9},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rs, err := collect(s, 10, &fetchapi.ResponsePartition{RecordSet: protocol.RecordSet{Records: tt.set}})
			if len(rs) != tt.records {
				t.Errorf("%d records, want %d", len(rs), tt.records)
			}
			var gap *Gap
			if !errors.As(err, &gap) {
				if err != nil || tt.got != 0 {
					t.Fatalf("error %v, want a gap at %d", err, tt.got)
				}
				return
			}
			if gap.Source != s || gap.Want != tt.want || gap.Got != tt.got {
				t.Errorf("gap %+v, want %d got %d", gap, tt.want, tt.got)
			}
			if fault.Passes(err) || !strings.Contains(err.Error(), "runrate.usage/3@") {
				t.Errorf("error %q", err)
			}
		})
	}
}

// damagedBatch is a batch of one record at offset, with a checksum that is wrong.
func damagedBatch(offset int64) []byte {
	r := kmsg.Record{Value: []byte("v"), Length: 7}
	b := kmsg.RecordBatch{
		FirstOffset: offset, Length: 49 + 8, PartitionLeaderEpoch: 0, Magic: 2, CRC: 1,
		FirstTimestamp: 1, MaxTimestamp: 1, ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1,
		NumRecords: 1, Records: r.AppendTo(nil),
	}
	b.Length = int32(49 + len(b.Records))
	return b.AppendTo(nil)
}

func TestFetchChecksTheChecksum(t *testing.T) {
	k, c := cluster(t, kfake.SeedTopics(1, stream.Usage.Topic().String()))
	k.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fetch := req.(*kmsg.FetchRequest)
		res := fetch.ResponseKind().(*kmsg.FetchResponse)
		p := kmsg.NewFetchResponseTopicPartition()
		p.HighWatermark, p.RecordBatches = 1, damagedBatch(0)
		topic := kmsg.NewFetchResponseTopic()
		topic.Topic, topic.Partitions = stream.Usage.Topic().String(), []kmsg.FetchResponseTopicPartition{p}
		res.Topics = append(res.Topics, topic)
		return res, nil, true
	})
	var corrupt *Corrupt
	_, _, err := c.Fetch(t.Context(), stream.Source{Topic: stream.Usage.Topic()}, 0, 1<<20, time.Millisecond)
	if !errors.As(err, &corrupt) || fault.Passes(err) {
		t.Errorf("damaged batch: %v", err)
	}
}

// TestFetchIsBounded: a leader that hangs costs the wait and a little more, not the
// time that any request may take.
func TestFetchIsBounded(t *testing.T) {
	k, c := cluster(t, kfake.SeedTopics(1, stream.Usage.Topic().String()))
	s := stream.Source{Topic: stream.Usage.Topic()}
	if _, err := c.Append(t.Context(), s.Topic, 0, messages(0, 1)); err != nil {
		t.Fatal(err)
	}
	c.patience = 100 * time.Millisecond
	answer := make(chan struct{})
	goOn := sync.OnceFunc(func() { close(answer) })
	defer goOn()
	k.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.SleepControl(func() { <-answer })
		return nil, nil, false
	})
	began := time.Now()
	_, _, err := c.Fetch(t.Context(), s, 0, 1<<20, 50*time.Millisecond)
	if took := time.Since(began); !fault.Passes(err) || took > c.config.timeout()/2 {
		t.Errorf("after %v: %v", took, err)
	}
	goOn()
	c.patience = 5 * time.Second
	if rs, _, err := c.Fetch(t.Context(), s, 0, 1<<20, 50*time.Millisecond); len(rs) != 1 {
		t.Errorf("the next fetch: %d records, %v", len(rs), err)
	}
}

func TestFetchWaitsAtTheEnd(t *testing.T) {
	_, c := cluster(t, kfake.SeedTopics(1, stream.Usage.Topic().String()))
	s := stream.Source{Topic: stream.Usage.Topic()}
	got := make(chan error, 1)
	go func() {
		rs, _, err := c.Fetch(t.Context(), s, 0, 1<<20, 10*time.Second)
		if err == nil && len(rs) != 1 {
			err = errors.New("no record though one came while waiting")
		}
		got <- err
	}()
	if _, err := c.Append(t.Context(), s.Topic, 0, messages(0, 1)); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
}
