package worker

import (
	"context"

	"runrate/internal/fault"
	"runrate/internal/retry"
)

// persist does a step of I/O again and again while its error is one that may
// pass: ClickHouse or the broker is away, overloaded, or slow. It is not bounded
// in time: each request of a step is, by its own package, and how many there are
// depends on what there is to do. That there is no such topic is believed after a
// while. The board shows a step that goes on failing; each
// try is a sign of life.
func (w *Worker) persist(ctx context.Context, what string, step func(context.Context) error) error {
	var doubt doubt
	failed := false
	return retry.Patient.Do(ctx, w.logger, what, func(ctx context.Context) error {
		w.config.Board.again(w.source.String())
		err := doubt.about(step(ctx))
		switch {
		case err != nil && fault.Passes(err):
			w.config.Board.tried(w.source, what, err)
			w.config.Meter.Retried(dependency(what), what)
			failed = true
		case failed:
			w.config.Board.tried(w.source, what, nil)
		}
		return err
	})
}
