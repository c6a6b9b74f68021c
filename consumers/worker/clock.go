package worker

import (
	"time"

	"go.uber.org/zap"

	"runrate/internal/rows"
)

// maxAhead is how far the clock may be ahead of this machine's before the log
// speaks of it.
const maxAhead = time.Minute

// watchClock says in the log when the partition's clock, which is data, has come
// ahead of the wall clock, and when it is no more. Nothing else depends on it: a
// replay sees the same clock.
func (w *Worker) watchClock(p rows.Progress, now time.Time) {
	ahead := time.Duration(0)
	if p.Ticked {
		ahead = p.Clock.UTC().Sub(now)
	}
	switch {
	case ahead > maxAhead && !w.ahead:
		w.logger.Warn("clock is "+ahead.Round(time.Second).String()+" ahead of the wall clock: a tick was wrong, or this machine's clock is; "+
			"events of now are late by it, and too_old from 35 days on (the way back from a wrong tick: `runrate rebuild --without`)", zap.Stringer("clock", p.Clock))
	case ahead <= maxAhead && w.ahead:
		w.logger.Info("clock is no more ahead of the wall clock", zap.Stringer("clock", p.Clock))
	}
	w.ahead = ahead > maxAhead
}
