package broker

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go/protocol"

	"runrate/internal/stream"
)

// Holder is the producer whose open transaction begins at an offset.
type Holder struct {
	Producer int64
	Epoch    int16
}

// String names it as kafka-transactions.sh does.
func (h Holder) String() string { return fmt.Sprintf("producer %d (epoch %d)", h.Producer, h.Epoch) }

// Holder is the producer of the transaction whose batch begins at an offset; false if there is
// no such batch. Asked at the last stable offset, while the log goes on beyond it, that is who
// holds its end back. It reads that one batch, since kafka-go has no DescribeProducers.
func (c *Client) Holder(ctx context.Context, source stream.Source, at stream.Offset) (Holder, bool, error) {
	source = c.inKafka(source)
	p, err := c.fetch(ctx, source, at, 1, time.Millisecond, readUncommitted)
	if err != nil {
		return Holder{}, false, failed("read who holds %s back at %d: %w", source, at, err)
	}
	var h Holder
	found := false
	for i, batch := range batches(p.RecordSet.Records) {
		if b, ok := batch.(*protocol.RecordBatch); ok && i == 0 && b.Attributes.Transactional() && b.BaseOffset == int64(at) {
			h, found = Holder{Producer: b.ProducerID, Epoch: b.ProducerEpoch}, true
		}
		for r, err := batch.ReadRecord(); err == nil; r, err = batch.ReadRecord() {
			release(r) // gives the pages back
		}
	}
	return h, found, nil
}
