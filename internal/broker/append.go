package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/segmentio/kafka-go"

	"runrate/internal/event"
	"runrate/internal/stream"
)

// Message is a record to append. A nil key or value is null, an empty one is
// empty.
type Message struct {
	Key, Value []byte
	Headers    []event.Header
	// Time is the record's own timestamp, in microseconds since 1970 UTC, kept to the
	// millisecond; 0 stands for now.
	Time int64
}

// Compression is the codec of appended batches; None by default.
type Compression = kafka.Compression

// ParseCompression reads "none", "gzip", "snappy", "lz4" or "zstd".
func ParseCompression(name string) (Compression, error) {
	if name == "" || name == "none" {
		return 0, nil
	}
	for _, c := range []Compression{kafka.Gzip, kafka.Snappy, kafka.Lz4, kafka.Zstd} {
		if c.String() == name {
			return c, nil
		}
	}
	return 0, fmt.Errorf("compression %q is none of none, gzip, snappy, lz4, zstd", name)
}

// Append writes the messages to one partition as one batch, acknowledged by
// all in-sync replicas, and returns the offset of the first. The messages are
// not kept. After an error that passes the batch may be in the log or not; a
// retry may put it there twice.
func (c *Client) Append(ctx context.Context, topic stream.Topic, partition int32, messages []Message) (stream.Offset, error) {
	return c.AppendCompressed(ctx, topic, partition, messages, 0)
}

// AppendCompressed is Append with a codec.
func (c *Client) AppendCompressed(ctx context.Context, topic stream.Topic, partition int32, messages []Message, codec Compression) (stream.Offset, error) {
	source := c.inKafka(stream.Source{Topic: topic, Partition: partition})
	if len(messages) == 0 {
		return 0, fmt.Errorf("append to %s: no records", source)
	}
	if err := ctx.Err(); err != nil { // kafka-go may send all the same
		return 0, failed("append to %s: %w", source, err)
	}
	res, err := c.kafka.Produce(ctx, &kafka.ProduceRequest{
		Topic: source.Topic.String(), Partition: int(partition), RequiredAcks: kafka.RequireAll,
		Records: &messageReader{messages: messages}, Compression: codec,
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return 0, failed("append %d records to %s: %w", len(messages), source, err)
	}
	return stream.Offset(res.BaseOffset), nil
}

// TooLarge says whether the broker refused a batch for its size. A batch of one
// record can then not be stored at all; a larger one may be split.
func TooLarge(err error) bool {
	return errors.Is(err, kafka.MessageSizeTooLarge) || errors.Is(err, kafka.RecordListTooLarge)
}

// messageReader hands messages to the encoder one by one, without an
// allocation for each.
type messageReader struct {
	messages   []Message
	record     kafka.Record
	key, value byteReader
}

func (r *messageReader) ReadRecord() (*kafka.Record, error) {
	if len(r.messages) == 0 {
		return nil, io.EOF
	}
	m := r.messages[0]
	r.messages = r.messages[1:]
	r.record = kafka.Record{}
	if m.Time != 0 {
		r.record.Time = time.UnixMicro(m.Time)
	}
	if m.Key != nil {
		r.key.Reset(m.Key)
		r.record.Key = &r.key
	}
	if m.Value != nil {
		r.value.Reset(m.Value)
		r.record.Value = &r.value
	}
	for _, h := range m.Headers {
		r.record.Headers = append(r.record.Headers, kafka.Header{Key: h.Name, Value: h.Value})
	}
	return &r.record, nil
}

type byteReader struct{ bytes.Reader }

func (*byteReader) Close() error { return nil }
