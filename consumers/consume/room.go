package consume

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/stream"
)

// room sees to it that the snapshot log holds the chains of large states: its
// retention is by size, and a state that outgrows it is deleted while it is needed.
type room struct {
	client interface {
		RetentionBytes(ctx context.Context, topic stream.Topic) (int64, error)
		SetRetentionBytes(ctx context.Context, topic stream.Topic, bytes int64) error
	}
	logger *zap.Logger

	mu     sync.Mutex
	enough int64     // size of a base that is known to have room
	kept   int64     // retention.bytes,
	asked  time.Time // as it was then
}

// bases is how many times the whole state a partition of the snapshot log must hold:
// a base, deltas as large, the next base, and the same of another epoch or source.
const bases = 8

// keptFor is for how long an answer to Kept is good.
const keptFor = time.Minute

// Kept is retention.bytes of the snapshot log.
func (r *room) Kept(ctx context.Context) (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.asked) < keptFor {
		return r.kept, nil
	}
	kept, err := r.client.RetentionBytes(ctx, stream.Snapshots())
	if err == nil {
		r.kept, r.asked = kept, time.Now()
	}
	return kept, err
}

// See is called with the size of a base, in bytes. Where there is too little room, it
// makes some; where it must not, it says what somebody has to do.
func (r *room) See(ctx context.Context, base int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if int64(base) <= r.enough {
		return
	}
	has, err := r.client.RetentionBytes(ctx, stream.Snapshots())
	if err == nil && (has == broker.Unlimited || has/bases >= int64(base)) {
		r.enough = max(r.enough, has/bases, int64(base))
		return
	}
	want := int64(1) << 30
	for want/bases < int64(base) {
		want *= 2
	}
	if err == nil {
		if err = r.client.SetRetentionBytes(ctx, stream.Snapshots(), want); err == nil {
			r.logger.Info("raised retention.bytes of the snapshot log, as a state has grown", zap.Int("state_bytes", base), zap.Int64("retention_bytes", want))
			r.enough = want / bases
			return
		}
	}
	if ctx.Err() == nil && int64(base) > minRoom {
		r.logger.Warn(fmt.Sprintf("a state of %d bytes may outgrow the snapshot log: set retention.bytes of %s to %d or more", base, stream.Snapshots(), want), zap.Error(err))
	}
	r.enough = int64(base) // until it has grown by more
}

// minRoom is the size of a state up to which nobody is bothered where the retention
// cannot be read: what `runrate topics` sets holds it many times.
const minRoom = 256 << 20
