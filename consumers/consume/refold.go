package consume

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/fold"
	"runrate/internal/stream"
)

// outdated says why the epoch must be folded anew as the program and its settings are
// now, in words for its successor's record.
func (o Options) outdated(e epoch) (why string, yes bool) {
	told := e
	told.definitions = o.Definitions.Over(e.definitions)
	wanted := told.settings()
	switch {
	case e.Rules != fold.Rules:
		return fmt.Sprintf("the rules of folding are %d, and were %d", fold.Rules, e.Rules), true
	case e.Settings != wanted:
		return fmt.Sprintf("the settings are %q, and were %q", wanted, e.Settings), true
	}
	return "", false
}

// busyWait is how long a topic that somebody else folds anew is left to them.
const busyWait = 5 * time.Second

// refold folds a topic anew. Its consumers do not run here meanwhile: they could only
// halt. Where another process is at it, refold waits. What could not be done is said,
// and left to the consumers to halt by.
func (o Options) refold(ctx context.Context, topic stream.Topic, why string) (done bool) {
	o.Logger.Warn("the topic is folded anew; the views show the old numbers until that is done", zap.Stringer("topic", topic), zap.String("why", why))
	err := Rebuild(ctx, topic, why, Change{Definitions: o.Definitions}, o)
	if _, busy := errors.AsType[*Busy](err); busy {
		o.Logger.Info("another process folds it anew", zap.Stringer("topic", topic), zap.Error(err))
		select {
		case <-time.After(busyWait):
		case <-ctx.Done():
		}
		return true
	}
	if err != nil && ctx.Err() == nil {
		o.Logger.Error("the topic could not be folded anew; the views go on to show the old numbers", zap.Stringer("topic", topic), zap.Error(err))
	}
	return err == nil
}
