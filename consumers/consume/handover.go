package consume

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/snapshots"
	"runrate/consumers/store"
	"runrate/internal/fault"
)

// waits is how long a rebuild waits for others: for Kafka to let it ask for the
// lock, and for consumers to go over to its epoch. They look every lookEvery; an
// older program's never do.
const waits = 30 * time.Second

// handedOver returns when the topic's consumers have gone over to an epoch that was
// switched to, or there are none: what they commit from then on is what the views
// show. The switch is done either way.
func (r rebuild) handedOver(ctx context.Context, e epoch, handOver map[int32]store.HandOver) error {
	for deadline := time.Now().Add(waits); ; {
		over, err := r.over(ctx, e, handOver)
		if over {
			return nil
		}
		if err != nil && ctx.Err() == nil && !fault.Passes(err) {
			return err
		}
		if time.Now().After(deadline) {
			r.logger.Warn("the consumers have not gone over to the new epoch yet; until then the views stand still. Restart those that do not", zap.Uint32("epoch", e.Epoch), zap.Error(err))
			return nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return nil // switched
		}
	}
}

// over says whether each partition's commit is of the epoch, or nobody folds it.
func (r rebuild) over(ctx context.Context, e epoch, handOver map[int32]store.HandOver) (bool, error) {
	group := e.Topic.Kind().Group()
	commits, err := r.Client.Committed(ctx, group, e.Topic)
	if err != nil {
		return false, err
	}
	over := true
	for p, c := range commits {
		pointer, err := snapshots.ParsePointer(c.Metadata)
		taken := c.Set && (err == nil && pointer.Epoch >= e.Epoch || c.Metadata == handOver[p].Metadata && c.Next == handOver[p].Next)
		over = over && taken
	}
	if over {
		return true, nil
	}
	members, err := r.Client.Members(ctx, group)
	if err != nil {
		return false, fmt.Errorf("look for the consumers of %s: %w", e.Topic, err)
	}
	return members == 0, nil
}
