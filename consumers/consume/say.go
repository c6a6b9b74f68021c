package consume

import (
	"context"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/store"
)

// sayEvery is how often a consumer says how its partitions do, at least: what was
// said more than a minute ago counts for nothing (the view freshness).
const sayEvery = 10 * time.Second

// say writes to ClickHouse how the partitions of an epoch do, at once when that
// changes and every so often, until ctx ends.
func (o Options) say(ctx context.Context, e epoch) {
	loop := "what tells how the partitions of " + e.Topic.String() + " do"
	defer o.Board.Rest(loop)
	away := false // it could not be written, last time
	for {
		o.Board.Beat(loop)
		var all []store.Status
		for _, s := range o.Board.All() {
			all = append(all, store.Status{Source: s.Source, Epoch: e.Epoch, Status: string(s.Word), Reason: string(s.Reason), Detail: s.Detail, Since: s.Since})
		}
		if len(all) > 0 {
			err := o.Store.SaveStatuses(ctx, all)
			if err != nil && ctx.Err() == nil && !away {
				o.Logger.Warn("the status of partitions cannot be written; the view freshness calls it unknown in a minute", zap.Stringer("topic", e.Topic), zap.Error(err))
			}
			away = err != nil
		}
		select {
		case <-o.Board.Changed():
		case <-time.After(sayEvery):
		case <-ctx.Done():
			return
		}
	}
}
