package worker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"

	"runrate/internal/broker"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
)

// A topic that is deleted and created again, or a log that an unclean leader
// election cut, reuses offsets, and Kafka serves the new records under the old
// offsets without a word. So a worker remembers the last record that it flushed
// and looks at it again before it writes what came after: a batch that was
// fetched from another log never gets into ClickHouse.

// mark is a record by offset and fingerprint: the first 16 bytes of SHA-256 over
// its timestamp, its key's length, its key and its value. The zero mark is no
// record.
type mark struct {
	offset      stream.Offset
	fingerprint []byte
}

func markOf(r stream.Record) mark {
	h := sha256.New()
	var head [16]byte
	binary.BigEndian.PutUint64(head[:8], uint64(r.Time))
	binary.BigEndian.PutUint64(head[8:], uint64(len(r.Key)))
	h.Write(head[:])
	h.Write(r.Key)
	h.Write(r.Value)
	return mark{r.Offset, h.Sum(nil)[:16]}
}

// marked puts the mark of the record before the next offset into the records of
// a snapshot, where markIn finds it.
func marked(parts iter.Seq[*snapshot.Record], m mark) iter.Seq[*snapshot.Record] {
	return func(yield func(*snapshot.Record) bool) {
		for r := range parts {
			r.LastRecord = m.fingerprint
			if !yield(r) {
				return
			}
		}
	}
}

func markIn(r *snapshot.Record) mark {
	return mark{stream.Offset(r.NextOffset) - 1, r.LastRecord}
}

// AnotherLog says that the log is not the one that was folded.
type AnotherLog struct {
	Source stream.Source
	Offset stream.Offset // of the record that is not what it was
}

func (e *AnotherLog) Error() string {
	return fmt.Sprintf("%s@%d: the record is not the one that was folded: the topic was created anew, or lost a part of its log; "+
		"nothing of the new log is written (refold it with `runrate rebuild`)", e.Source, e.Offset)
}

// sameLog makes sure that the record before the flushed offset is still what it
// was. One that retention has deleted meanwhile cannot be looked at.
func (w *Worker) sameLog(ctx context.Context) error {
	if w.flushed.fingerprint == nil {
		return nil
	}
	return w.persist(ctx, "look at the last record again", func(ctx context.Context) error {
		records, _, err := w.log.Fetch(ctx, w.config.Source, w.flushed.offset, 1, pollWait)
		var outside *broker.OutOfRange
		switch {
		case errors.As(err, &outside) && outside.Known && w.flushed.offset < outside.Range.First:
			return nil
		case errors.As(err, &outside):
			return &AnotherLog{w.config.Source, w.flushed.offset}
		case err != nil:
			return err
		case len(records) == 0:
			// A new leader may have nothing to show for a moment; its range tells.
			held, err := w.log.Range(ctx, w.config.Source)
			if err != nil {
				return err
			}
			if held.End <= w.flushed.offset {
				return &AnotherLog{w.config.Source, w.flushed.offset}
			}
			return fmt.Errorf("fetch %s@%d: no answer yet: %w", w.config.Source, w.flushed.offset, context.DeadlineExceeded)
		case !bytes.Equal(markOf(records[0]).fingerprint, w.flushed.fingerprint):
			return &AnotherLog{w.config.Source, w.flushed.offset}
		}
		return nil
	})
}
