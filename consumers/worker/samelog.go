package worker

import (
	"context"
	"errors"
	"fmt"

	"runrate/consumers/fold"
	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/stream"
)

// A topic that is deleted and created again, or a log that an unclean leader
// election cut, reuses offsets, and Kafka serves the new records under the old
// offsets without a word. So a worker remembers the last record, and looks at it
// again with every fetch (follow.go) and before every write: nothing that was
// fetched from another log gets into ClickHouse (invariant 11).

// AnotherLog says that the log is not the one that was folded.
type AnotherLog struct {
	Source stream.Source
	Offset stream.Offset // of the record that is not what it was
}

func (e *AnotherLog) Error() string {
	return fmt.Sprintf("%s@%d: the record is not the one that was folded: the topic was created anew, or lost a part of its log; "+
		"nothing of the new log is written (refold it with `runrate rebuild %s`)", e.Source, e.Offset, e.Source.Topic.Kind())
}

// Fault is fault.Defect.
func (*AnotherLog) Fault() fault.Kind { return fault.Defect }

// sameLog makes sure, whatever it takes, that a record is still what it was.
func (w *Worker) sameLog(ctx context.Context, last fold.Mark) error {
	return w.persist(ctx, "look at the last record again", func(ctx context.Context) error {
		return w.lookAgain(ctx, last)
	})
}

// lookAgain asks once whether a record is still what it was. One that is not
// known, or that retention has deleted meanwhile, cannot be looked at.
func (w *Worker) lookAgain(ctx context.Context, last fold.Mark) error {
	offset, known := last.Offset()
	if !known {
		return nil
	}
	records, _, err := w.log.Fetch(ctx, w.source, offset, 1, pollWait)
	var outside *broker.OutOfRange
	switch {
	case errors.As(err, &outside) && outside.Known && offset < outside.Range.First:
		return nil
	case errors.As(err, &outside):
		return &AnotherLog{w.source, offset}
	case err != nil:
		return err
	case len(records) == 0:
		// A new leader may have nothing to show for a moment; its range tells.
		held, err := w.log.Range(ctx, w.source)
		if err != nil {
			return err
		}
		if held.End <= offset {
			return &AnotherLog{w.source, offset}
		}
		return fmt.Errorf("fetch %s@%d: no answer yet: %w", w.source, offset, context.DeadlineExceeded)
	case !last.Is(records[0]):
		return &AnotherLog{w.source, offset}
	}
	return nil
}
