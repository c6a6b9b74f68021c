package consume

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"runrate/internal/stream"
)

// oldEvery is how often a consumer looks whether somebody still writes to the topic
// that its own was copied from.
const oldEvery = 10 * time.Second

// watchOld looks at the topic that the epoch's was copied from. What arrives there is
// in no number: the log says so, and the status of the partitions here.
func (o Options) watchOld(ctx context.Context, e epoch) {
	if e.CopiedFrom == nil {
		return
	}
	const step = "leave the old topic alone"
	said := int64(0)
	for {
		if late, err := o.late(ctx, e); err == nil && late > 0 {
			why := fmt.Errorf("%d records arrived in %s after it was copied into %s, and are in no number: whatever publishes them is to be told --topic-%s %s, and they are to be published again",
				late, e.CopiedFrom.Topic, e.Kafka, e.Topic.Kind(), e.Kafka)
			if late != said {
				o.Logger.Error("records arrive in a topic that nobody folds any more", zap.Error(why))
			}
			said = late
			o.Board.Complain(step, why)
		}
		select {
		case <-time.After(oldEvery):
		case <-ctx.Done():
			return
		}
	}
}

// late is how many records the old topic has gained.
func (o Options) late(ctx context.Context, e epoch) (records int64, err error) {
	byItsName := o.Client.Named(stream.Names{}) // which may be the contract's
	logs, err := byItsName.Offsets(ctx, e.Topic.Kind().Named(e.CopiedFrom.Topic))
	if err != nil {
		return 0, err
	}
	for p, log := range logs {
		records += int64(log.End - max(e.CopiedFrom.Ends[p], stream.Offset(0)))
	}
	return records, nil
}
