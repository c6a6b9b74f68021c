package broker

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"

	"runrate/internal/stream"
)

// Isolation levels. readCommitted is that of all that counts: the log ends at the last
// stable offset, where the first transaction begins that is still open.
const (
	readCommitted   = 1
	readUncommitted = 0
)

// fetchPatience is how long the answer to a fetch may take beyond the time that the
// broker was told to wait for records: a leader that hangs is found out, and another
// one is leader by then.
const fetchPatience = 10 * time.Second

// Fetch reads the records from offset on, in order and without a gap, and the
// last stable offset: the end of what may be read now. At the end of the log it
// waits up to maxWait and returns no records. maxBytes bounds the batches as
// stored; one batch larger than that is still returned whole, and decompressed
// records may take more. Transaction markers and the records of transactions that
// were aborted are among the records, as skipped.
//
// The records and their bytes are newly allocated and the caller's. Errors:
// Gap, OutOfRange, Corrupt, or Error.
func (c *Client) Fetch(ctx context.Context, source stream.Source, offset stream.Offset, maxBytes int, maxWait time.Duration) ([]stream.Record, stream.Offset, error) {
	source = c.inKafka(source)
	if offset < 0 {
		return nil, 0, &OutOfRange{Source: source, Offset: offset}
	}
	p, err := c.fetch(ctx, source, offset, int32(min(maxBytes, math.MaxInt32)), max(maxWait, time.Millisecond), readCommitted) //nolint:gosec // it is in range
	switch {
	case err == nil:
	case errors.Is(err, kafka.OffsetOutOfRange):
		return nil, 0, c.outOfRange(ctx, source, offset)
	case ctx.Err() == nil && damaged(err):
		return nil, 0, &Corrupt{Source: source, Offset: offset, Err: err}
	default:
		return nil, 0, failed("fetch %s@%d: %w", source, offset, err)
	}
	end := p.LastStableOffset
	if end < 0 { // a broker that knows of no transactions
		end = p.HighWatermark
	}
	records, err := collect(source, offset, p)
	return records, stream.Offset(end), err
}

// fetch asks once. kafka-go's own Fetch leaves out which transactions were aborted;
// so does kfake, if it is the bound of the request that cuts an answer, not that of
// its one partition.
func (c *Client) fetch(ctx context.Context, source stream.Source, offset stream.Offset, maxBytes int32, maxWait time.Duration, isolation int8) (*fetchapi.ResponsePartition, error) {
	maxWait = min(maxWait, c.config.timeout())
	ctx, cancel := context.WithTimeout(ctx, min(maxWait+c.patience, c.config.timeout()))
	defer cancel()
	m, err := c.transport.RoundTrip(ctx, c.addr, &fetchapi.Request{
		ReplicaID: -1, MinBytes: 1, MaxBytes: math.MaxInt32,
		MaxWaitTime:    int32(min(maxWait.Milliseconds(), math.MaxInt32)), //nolint:gosec // it is in range
		IsolationLevel: isolation, SessionID: -1, SessionEpoch: -1,
		Topics: []fetchapi.RequestTopic{{Topic: source.Topic.String(), Partitions: []fetchapi.RequestPartition{{
			Partition: source.Partition, CurrentLeaderEpoch: -1, FetchOffset: int64(offset), LogStartOffset: -1, PartitionMaxBytes: maxBytes,
		}}}},
	})
	if err != nil {
		return nil, err
	}
	res := m.(*fetchapi.Response)
	switch {
	case res.ErrorCode != 0:
		return nil, kafka.Error(res.ErrorCode)
	case len(res.Topics) == 0:
		return nil, protocol.ErrNoTopic
	case len(res.Topics[0].Partitions) == 0:
		return nil, protocol.ErrNoPartition
	}
	p := &res.Topics[0].Partitions[0]
	if p.ErrorCode != 0 {
		return nil, kafka.Error(p.ErrorCode)
	}
	return p, nil
}

// outOfRange asks for the range too, so that the error tells whether records
// were deleted or the log was cut.
func (c *Client) outOfRange(ctx context.Context, source stream.Source, offset stream.Offset) error {
	r, err := c.Range(ctx, source)
	return &OutOfRange{Source: source, Offset: offset, Range: r, Known: err == nil}
}
