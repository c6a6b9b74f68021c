package broker

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
	"github.com/twmb/franz-go/pkg/kfake"

	"runrate/internal/stream"
	"runrate/test/transact"
)

// Batches of a fetched set: outside is of no transaction, of is of a producer's.
func outside(offsets ...int64) protocol.RecordReader {
	return &protocol.RecordBatch{BaseOffset: offsets[0], ProducerID: -1, Records: recordsAt(offsets...)}
}

func of(producer int64, offsets ...int64) protocol.RecordReader {
	return &protocol.RecordBatch{BaseOffset: offsets[0], ProducerID: producer, Attributes: protocol.Transactional, Records: recordsAt(offsets...)}
}

// marker ends a transaction of a producer; by the list of the aborted one knows how.
func marker(producer, offset int64) protocol.RecordReader {
	return &protocol.ControlBatch{BaseOffset: offset, ProducerID: producer, Attributes: protocol.Transactional | protocol.Control, Records: kafka.NewRecordReader(
		kafka.Record{Offset: offset, Key: kafka.NewBytes([]byte{0, 0, 0, 1}), Value: kafka.NewBytes(make([]byte, 6))})}
}

func set(batches ...protocol.RecordReader) protocol.RecordReader {
	return &protocol.RecordStream{Records: batches}
}

// TestAborted: what is of an aborted transaction is skipped, and so is every
// marker; all else is not.
func TestAborted(t *testing.T) {
	type list = []fetchapi.ResponseTransaction
	for _, c := range []struct {
		name    string
		from    int64
		aborted list
		set     protocol.RecordReader
		want    string // of each record from there on: . or s for skipped
	}{
		{"no transaction", 0, nil, set(outside(0, 1), outside(2)), "..."},
		{"committed", 0, nil, set(of(7, 0, 1), marker(7, 2)), "..s"},
		{"aborted", 0, list{{ProducerID: 7}}, set(of(7, 0, 1), marker(7, 2)), "sss"},
		{"in several batches", 0, list{{ProducerID: 7}}, set(of(7, 0), of(7, 1), outside(2), of(7, 3), marker(7, 4)), "ss.ss"},
		{"two producers interleaved, one aborts", 0, list{{ProducerID: 7, FirstOffset: 0}},
			set(of(7, 0), of(8, 1), of(7, 2), marker(8, 3), of(7, 4), marker(7, 5), of(8, 6), marker(8, 7)), "s.ssss.s"},
		{"two producers interleaved, both abort", 0, list{{ProducerID: 8, FirstOffset: 1}, {ProducerID: 7, FirstOffset: 0}},
			set(of(7, 0), of(8, 1), marker(7, 2), outside(3), of(8, 4), marker(8, 5)), "sss.ss"},
		{"aborted, then committed by the same", 0, list{{ProducerID: 7, FirstOffset: 0}}, set(of(7, 0), marker(7, 1), of(7, 2), marker(7, 3)), "ss.s"},
		{"committed, then aborted by the same", 0, list{{ProducerID: 7, FirstOffset: 2}}, set(of(7, 0), marker(7, 1), of(7, 2), marker(7, 3)), ".sss"},
		{"aborted twice by the same, in any order", 0, list{{ProducerID: 7, FirstOffset: 5}, {ProducerID: 7, FirstOffset: 0}},
			set(of(7, 0), marker(7, 1), of(7, 2), marker(7, 3), outside(4), of(7, 5), marker(7, 6)), "ss.s.ss"},
		{"the marker is in the next fetch", 0, list{{ProducerID: 7, FirstOffset: 1}}, set(outside(0), of(7, 1), of(7, 2)), ".ss"},
		{"the fetch begins within it", 5, list{{ProducerID: 7, FirstOffset: 2}}, set(of(7, 4, 5, 6), outside(7), marker(7, 8), of(7, 9)), "ss.s."},
		{"the fetch begins with its marker", 5, list{{ProducerID: 7, FirstOffset: 2}}, set(marker(7, 5), of(7, 6)), "s."},
		{"only a marker", 5, nil, set(marker(7, 5)), "s"},
		{"the same producer without a transaction", 0, list{{ProducerID: 7}}, set(&protocol.RecordBatch{ProducerID: 7, Records: recordsAt(0)}), "."},
		{"one that is still to come", 0, list{{ProducerID: 7, FirstOffset: 9}}, set(of(7, 0), marker(7, 1)), ".s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rs, err := collect(stream.Source{Topic: stream.Usage.Topic()}, stream.Offset(c.from),
				&fetchapi.ResponsePartition{AbortedTransactions: c.aborted, RecordSet: protocol.RecordSet{Records: c.set}})
			if err != nil {
				t.Fatal(err)
			}
			if got := skips(rs); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			for i, r := range rs {
				if r.Offset != stream.Offset(c.from)+stream.Offset(i) {
					t.Errorf("offset %d at %d", r.Offset, i)
				}
			}
		})
	}
}

// skips is a letter for each record: s for skipped.
func skips(records []stream.Record) string {
	var b strings.Builder
	for _, r := range records {
		b.WriteByte(map[bool]byte{true: 's', false: '.'}[r.Skipped])
	}
	return b.String()
}

// sent is messages for a transaction.
func sent(from, to int) (out []transact.Message) {
	for _, m := range messages(from, to) {
		out = append(out, transact.Message{Key: m.Key, Value: m.Value})
	}
	return out
}

// TestFetchTransactions: from wherever one reads, and in whatever portions, each
// offset is the same: committed, or skipped. The log ends where a transaction is
// open.
func TestFetchTransactions(t *testing.T) {
	k, c := cluster(t, kfake.SeedTopics(1, stream.Usage.Topic().String()))
	s := stream.Source{Topic: stream.Usage.Topic()}
	one, other := transact.New(t, "one", k.ListenAddrs()...), transact.New(t, "other", k.ListenAddrs()...)
	one.Begin().Send(s, sent(0, 2)...) // 0, 1
	if _, err := c.Append(t.Context(), s.Topic, 0, messages(2, 3)); err != nil {
		t.Fatal(err)
	}
	other.Begin().Send(s, sent(3, 5)...) // 3, 4
	one.Abort()                          // 5
	other.Commit()                       // 6
	one.Begin().Send(s, sent(7, 8)...).Commit()
	other.Begin().Send(s, sent(9, 10)...).Abort() // 9, 10
	one.Begin().Send(s, sent(11, 12)...)          // 11, open
	if _, err := c.Append(t.Context(), s.Topic, 0, messages(12, 13)); err != nil {
		t.Fatal(err)
	}
	const want = "ss...ss.sss"
	all := func(from, maxBytes int) (got []stream.Record) {
		for from+len(got) < len(want) {
			rs, end, err := c.Fetch(t.Context(), s, stream.Offset(from+len(got)), maxBytes, time.Second)
			if err != nil || len(rs) == 0 || end != stream.Offset(len(want)) {
				t.Fatalf("from %d: %d records up to %d, %v", from+len(got), len(rs), end, err)
			}
			got = append(got, rs...)
		}
		return got
	}
	whole := all(0, 1<<20)
	for from := range len(want) {
		for _, maxBytes := range []int{1, 150, 1 << 20} {
			got := all(from, maxBytes)
			if skips(got) != want[from:] || fmt.Sprint(got) != fmt.Sprint(whole[from:]) {
				t.Errorf("from %d, %d bytes: %s, want %s", from, maxBytes, skips(got), want[from:])
			}
		}
	}
	if r, err := c.Range(t.Context(), s); err != nil || r != (Range{End: stream.Offset(len(want))}) {
		t.Errorf("range %v, %v", r, err)
	}
	if rs, end, err := c.Fetch(t.Context(), s, stream.Offset(len(want)), 1<<20, time.Millisecond); err != nil || len(rs) != 0 || end != stream.Offset(len(want)) {
		t.Errorf("at the open transaction: %d records up to %d, %v", len(rs), end, err)
	}
	h, held, err := c.Holder(t.Context(), s, stream.Offset(len(want)))
	if err != nil || !held || h.Producer < 0 || !strings.HasPrefix(h.String(), fmt.Sprintf("producer %d (epoch ", h.Producer)) {
		t.Errorf("held back by %v, %v, %v", h, held, err)
	}
	for _, at := range []stream.Offset{2, 7} { // nobody's, and one that is over
		if h, held, err := c.Holder(t.Context(), s, at); err != nil || held != (at == 7) {
			t.Errorf("at %d: %v, %v, %v", at, h, held, err)
		}
	}
	one.Commit()
	if rs, end, err := c.Fetch(t.Context(), s, stream.Offset(len(want)), 1<<20, time.Second); err != nil || skips(rs) != "..s" || end != 14 {
		t.Errorf("once it is committed: %s up to %d, %v", skips(rs), end, err)
	}
}

// TestTransactionsOutliveTheBroker: what the embedded broker keeps on disk says of
// each offset what it said before, and a transaction that was open still is.
func TestTransactionsOutliveTheBroker(t *testing.T) {
	options := []kfake.Opt{kfake.DataDir(t.TempDir()), kfake.SyncWrites(), kfake.SeedTopics(1, stream.Usage.Topic().String())}
	k, c := cluster(t, options...)
	s := stream.Source{Topic: stream.Usage.Topic()}
	expect := func(c *Client, want string) {
		t.Helper()
		rs, end, err := c.Fetch(t.Context(), s, 0, 1<<20, time.Second)
		r, rangeErr := c.Range(t.Context(), s)
		if err != nil || rangeErr != nil || skips(rs) != want || int(end) != len(want) || r != (Range{End: end}) {
			t.Errorf("%s up to %d, %v; range %v, %v; want %s", skips(rs), end, err, r, rangeErr, want)
		}
	}
	one := transact.New(t, "one", k.ListenAddrs()...)
	one.Begin().Send(s, sent(0, 2)...).Abort()
	one.Begin().Send(s, sent(3, 5)...).Commit()
	one.Begin().Send(s, sent(6, 8)...)
	if _, err := c.Append(t.Context(), s.Topic, 0, messages(8, 9)); err != nil {
		t.Fatal(err)
	}
	expect(c, "sss..s")
	k.Close()
	k, c = cluster(t, options...)
	expect(c, "sss..s")
	transact.New(t, "one", k.ListenAddrs()...).Begin().Send(s, sent(10, 11)...).Commit() // aborts what was open
	expect(c, "sss..sss.s.s")
}
