package worker

import (
	"context"
	"time"

	"runrate/consumers/fold"
)

// What late events change of closed windows is written every few seconds, not with each
// flush (usage, owed.go): a flush within five seconds pays, also where no record comes. As
// long as something is owed, the Board says so, and before the progress of the first flush
// that owes is written: who sees that progress, sees that it owes.

// oweFor is Limits.Owe by default; the flush that pays takes its time, too.
const oweFor = 4 * time.Second

// oweFrom goes on with what the state that was restored owes, which is due at once.
func (w *Worker) oweFrom() {
	if w.partition.Owes() {
		w.owed = time.Now().Add(-w.config.Limits.Owe)
		w.config.Board.owe(w.source, w.owed)
	}
}

// payAt is when what is owed is to be paid: in time, or when no record has come for as long
// as a flush waits for more. ok is false if nothing is owed.
func (w *Worker) payAt() (at time.Time, ok bool) {
	if w.owed.IsZero() {
		return at, false
	}
	at = w.owed.Add(w.config.Limits.Owe)
	if quiet := w.flushed.Add(w.config.Limits.Every); w.batch.records == 0 && quiet.Before(at) {
		at = quiet
	}
	return at, true
}

// end ends the batch. It may leave something owed, unless that is due.
func (w *Worker) end() (*fold.Flush, error) {
	at, owes := w.payAt()
	if w.config.Limits.Owe <= 0 || owes && !time.Now().Before(at) || w.leaves {
		return w.partition.Flush()
	}
	return w.partition.FlushOwing()
}

// owe makes it known, before a flush is written, that it is the first one that owes.
func (w *Worker) owe(ctx context.Context, flush *fold.Flush) error {
	if !flush.Owes() || !w.owed.IsZero() {
		return nil
	}
	w.owed = w.batch.since
	w.config.Board.owe(w.source, w.owed)
	if w.config.Say == nil {
		return nil
	}
	return w.persist(ctx, "say what is owed", w.config.Say)
}

// paid makes it known, once a flush is committed, that nothing is owed any more.
func (w *Worker) paid(flush *fold.Flush) {
	if flush.Owes() || w.owed.IsZero() {
		return
	}
	w.owed = time.Time{}
	w.config.Board.owe(w.source, w.owed)
}
