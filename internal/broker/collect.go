package broker

import (
	"bytes"
	"errors"
	"io"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"

	"runrate/internal/event"
	"runrate/internal/stream"
)

// collector copies fetched records out of their pages.
type collector struct {
	source  stream.Source
	want    stream.Offset // of the next record
	before  stream.Offset // the last before the first one wanted, -1 if there is none
	aborted aborted
	records []stream.Record
	bytes   arena
}

// collect copies the records from want on out of the fetched pages and gives
// the pages back. Records before want belong to the batch that holds want; a
// fetch that yields only such records would be repeated for ever, so it is a
// Gap.
//
// Records before a hole are returned without what comes after it, so that the next
// fetch begins there. With any other error come no records: the fold must not go half
// way into a fetch whose other half is wrong.
func collect(source stream.Source, want stream.Offset, p *fetchapi.ResponsePartition) ([]stream.Record, error) {
	c := collector{source: source, want: want, before: -1, aborted: newAborted(p.AbortedTransactions)}
	for _, batch := range batches(p.RecordSet.Records) {
		err := c.batch(batch)
		if hole, ok := errors.AsType[*Gap](err); ok && hole.Got > hole.Want && len(c.records) > 0 {
			return c.records, nil
		}
		if err != nil {
			return nil, err
		}
	}
	if len(c.records) == 0 && c.before >= 0 {
		return nil, &Gap{Source: source, Want: want, Got: c.before, Cause: "its batch ends before it"}
	}
	return c.records, nil
}

// batches are those of a set. As one reader it would pass over the markers.
func batches(set protocol.RecordReader) []protocol.RecordReader {
	switch s := set.(type) {
	case nil:
		return nil
	case *protocol.RecordStream:
		return s.Records
	}
	return []protocol.RecordReader{set}
}

// batch takes the records of one batch, or a transaction's marker.
func (c *collector) batch(batch protocol.RecordReader) error {
	skipped := false
	switch b := batch.(type) {
	case *protocol.ControlBatch:
		c.aborted.end(b.ProducerID, b.BaseOffset)
		skipped = true
	case *protocol.RecordBatch:
		skipped = b.Attributes.Transactional() && c.aborted.has(b.ProducerID, b.BaseOffset)
	}
	for {
		r, err := batch.ReadRecord()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &Corrupt{Source: c.source, Offset: c.want, Err: err}
		}
		err = c.take(r, skipped)
		release(r)
		if err != nil {
			return err
		}
	}
}

// take copies one record.
func (c *collector) take(r *kafka.Record, skipped bool) error {
	at := stream.Offset(r.Offset)
	if at < c.want && len(c.records) == 0 {
		c.before = at
		return nil
	}
	if at != c.want {
		return &Gap{Source: c.source, Want: c.want, Got: at}
	}
	key, err := c.bytes.copy(r.Key)
	if err != nil {
		return &Corrupt{Source: c.source, Offset: at, Err: err}
	}
	value, err := c.bytes.copy(r.Value)
	if err != nil {
		return &Corrupt{Source: c.source, Offset: at, Err: err}
	}
	c.records = append(c.records, stream.Record{Offset: at, Time: max(r.Time.UnixMicro(), 0), Key: key, Value: value, Headers: headers(r.Headers), Skipped: skipped})
	c.want++
	return nil
}

// headers copies the headers of a record, nil if there are none.
func headers(of []protocol.Header) []event.Header {
	if len(of) == 0 {
		return nil
	}
	out := make([]event.Header, len(of))
	for i, h := range of {
		out[i] = event.Header{Name: h.Key, Value: bytes.Clone(h.Value)}
	}
	return out
}

func release(r *kafka.Record) {
	if r.Key != nil {
		r.Key.Close()
	}
	if r.Value != nil {
		r.Value.Close()
	}
}

// arena gives out bytes from few large allocations.
type arena struct{ free []byte }

const arenaChunk = 256 << 10

func (a *arena) copy(b protocol.Bytes) ([]byte, error) {
	if b == nil {
		return nil, nil
	}
	n := b.Len()
	if n > len(a.free) {
		a.free = make([]byte, max(arenaChunk, n))
	}
	out := a.free[:n:n]
	if _, err := io.ReadFull(b, out); err != nil {
		return nil, err
	}
	a.free = a.free[n:]
	return out, nil
}
