package broker

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"runrate/internal/stream"
)

// Fetch reads the records from offset on, in order and without a gap, and the
// high watermark: the end of what may be read now. At the end of the log it
// waits up to maxWait and returns no records. maxBytes bounds the batches as
// stored; one batch larger than that is still returned whole, and decompressed
// records may take more.
//
// The records and their bytes are newly allocated and the caller's. Errors:
// Gap, OutOfRange, Corrupt, or Error.
func (c *Client) Fetch(ctx context.Context, source stream.Source, offset stream.Offset, maxBytes int, maxWait time.Duration) ([]stream.Record, stream.Offset, error) {
	if offset < 0 {
		// kafka-go reads -1 and -2 as "last" and "first".
		return nil, 0, &OutOfRange{Source: source, Offset: offset}
	}
	res, err := c.kafka.Fetch(ctx, &kafka.FetchRequest{
		Topic: source.Topic.String(), Partition: int(source.Partition), Offset: int64(offset),
		MinBytes: 1, MaxBytes: int64(maxBytes), MaxWait: max(maxWait, time.Millisecond),
	})
	if err == nil {
		err = res.Error
	}
	switch {
	case err == nil:
	case errors.Is(err, kafka.OffsetOutOfRange):
		return nil, 0, c.outOfRange(ctx, source, offset)
	case ctx.Err() == nil && damaged(err):
		return nil, 0, &Corrupt{Source: source, Offset: offset, Err: err}
	default:
		return nil, 0, failed("fetch %s@%d: %w", source, offset, err)
	}
	records, err := collect(source, offset, res.Records)
	return records, stream.Offset(res.HighWatermark), err
}

// outOfRange asks for the range too, so that the error tells whether records
// were deleted or the log was cut.
func (c *Client) outOfRange(ctx context.Context, source stream.Source, offset stream.Offset) error {
	r, err := c.Range(ctx, source)
	return &OutOfRange{Source: source, Offset: offset, Range: r, Known: err == nil}
}

// collect copies the records from want on out of the fetched pages and gives
// the pages back. Records before want belong to the batch that holds want; a
// fetch that yields only such records would be repeated for ever, so it is a
// Gap, as is a transaction marker, which takes an offset but is no record.
//
// With an error come no records: the fold must not go half way into a fetch
// whose other half is wrong.
func collect(source stream.Source, want stream.Offset, set kafka.RecordReader) ([]stream.Record, error) {
	if at, ok := marker(set); ok {
		return nil, &Gap{Source: source, Want: max(want, at), Got: at + 1, Cause: "a transaction marker"}
	}
	var (
		records []stream.Record
		bytes   arena
		before  = stream.Offset(-1) // last offset before want, -1 if none
	)
	for {
		r, err := set.ReadRecord()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, &Corrupt{Source: source, Offset: want, Err: err}
		}
		at := stream.Offset(r.Offset)
		if at < want && len(records) == 0 {
			before = at
			release(r)
			continue
		}
		if at != want {
			release(r)
			return nil, &Gap{Source: source, Want: want, Got: at}
		}
		key, err := bytes.copy(r.Key)
		if err != nil {
			return nil, &Corrupt{Source: source, Offset: at, Err: err}
		}
		value, err := bytes.copy(r.Value)
		if err != nil {
			return nil, &Corrupt{Source: source, Offset: at, Err: err}
		}
		release(r)
		records = append(records, stream.Record{Offset: at, Time: max(r.Time.UnixMicro(), 0), Key: key, Value: value})
		want++
	}
	if len(records) == 0 && before >= 0 {
		return nil, &Gap{Source: source, Want: want, Got: before, Cause: "its batch ends before it"}
	}
	return records, nil
}

// marker finds a transaction marker in the set, which kafka-go skips in silence.
func marker(set kafka.RecordReader) (stream.Offset, bool) {
	s, ok := set.(*protocol.RecordStream)
	if !ok {
		return 0, false
	}
	for _, batch := range s.Records {
		if control, ok := batch.(*protocol.ControlBatch); ok {
			return stream.Offset(control.BaseOffset), true
		}
	}
	return 0, false
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
