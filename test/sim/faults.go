package sim

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"runrate/consumers/store"
	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// Fault is what happens to one call of a worker's I/O.
type Fault uint8

// The faults. After a crash every further call of that worker fails, too: it is
// dead, and a new one takes over.
const (
	None        Fault = iota
	CrashBefore       // the worker dies before the call is carried out
	CrashAfter        // the worker dies after it
	LostCall          // the call is not carried out; the worker is told that it failed
	LostAnswer        // it is carried out; the worker is told that it failed
)

// String names the fault.
func (f Fault) String() string {
	return [...]string{"none", "crash before", "crash after", "lost call", "lost answer"}[f]
}

// ErrCrashed is what the calls of a dead worker return.
var ErrCrashed = errors.New("sim: crashed")

// errLost stands for a time-out: not known whether the call was carried out.
var errLost = fmt.Errorf("sim: %w", context.DeadlineExceeded)

// Seam is all I/O of a worker, and the place where it goes wrong: it is the
// worker's Log and Tables, and asks Plan before every call what is to happen to
// it. Points lists the calls made, by name.
type Seam struct {
	Log    *Log
	Tables *Tables
	// Plan is told the number of the call, from 0, and its name. It is asked by
	// one goroutine at a time.
	Plan func(call int, name string) Fault
	// Pause is told the same, after Plan, and may hold the call up.
	Pause func(call int, name string)

	mu     sync.Mutex
	dead   bool
	points []string
}

var (
	_ worker.Log    = (*Seam)(nil)
	_ worker.Tables = (*Seam)(nil)
)

// Points are the calls made so far.
func (s *Seam) Points() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.points...)
}

// do carries a call out, or not, as planned.
func (s *Seam) do(name string, carryOut func() error) error {
	s.mu.Lock()
	if s.dead {
		s.mu.Unlock()
		return ErrCrashed
	}
	fault := None
	if s.Plan != nil {
		fault = s.Plan(len(s.points), name)
	}
	call := len(s.points)
	s.points = append(s.points, name)
	s.dead = fault == CrashBefore || fault == CrashAfter
	s.mu.Unlock()
	if s.Pause != nil {
		s.Pause(call, name)
	}
	switch fault {
	case CrashBefore:
		return ErrCrashed
	case LostCall:
		return errLost
	}
	err := carryOut()
	switch fault {
	case CrashAfter:
		return ErrCrashed
	case LostAnswer:
		return errLost
	}
	return err
}

// Fetch is Log's. A fetch that finds nothing is not a point: how many there are
// depends on timing.
func (s *Seam) Fetch(ctx context.Context, source stream.Source, at stream.Offset, maxBytes int, maxWait time.Duration) (records []stream.Record, end stream.Offset, err error) {
	records, end, err = s.Log.Fetch(ctx, source, at, maxBytes, maxWait)
	if err != nil || len(records) == 0 {
		return records, end, err
	}
	err = s.do("fetch "+source.Topic.String(), func() error { return nil })
	if err != nil {
		return nil, 0, err
	}
	return records, end, nil
}

// Range is Log's.
func (s *Seam) Range(ctx context.Context, source stream.Source) (r broker.Range, err error) {
	err = s.do("range", func() error { r, err = s.Log.Range(ctx, source); return err })
	return r, err
}

// Append is Log's.
func (s *Seam) Append(ctx context.Context, topic stream.Topic, partition int32, messages []broker.Message) (at stream.Offset, err error) {
	err = s.do("append snapshot", func() error { at, err = s.Log.Append(ctx, topic, partition, messages); return err })
	return at, err
}

// Committed is Log's.
func (s *Seam) Committed(ctx context.Context, group string, topic stream.Topic) (c map[int32]broker.Commit, err error) {
	err = s.do("committed", func() error { c, err = s.Log.Committed(ctx, group, topic); return err })
	return c, err
}

// Commit is Log's.
func (s *Seam) Commit(ctx context.Context, m broker.Member, source stream.Source, next stream.Offset, metadata string) error {
	return s.do("commit", func() error { return s.Log.Commit(ctx, m, source, next, metadata) })
}

// Write is Tables', one insert at a time as store.Store does it; a table without
// rows takes none.
func (s *Seam) Write(_ context.Context, _ uint32, c rows.Changes) error {
	for _, table := range rows.Tables() {
		if !some(table.Rows(&c)) {
			continue
		}
		if err := s.do("insert "+table.Name, func() error { return s.Tables.write(table, &c) }); err != nil {
			return err
		}
	}
	return nil
}

func some[R rows.Row](all iter.Seq[R]) bool {
	for range all {
		return true
	}
	return false
}

// Seen is Tables'.
func (s *Seam) Seen(ctx context.Context, epoch uint32, source stream.Source, keys []store.EventKey, before stream.Offset) (found map[[16]byte]struct{}, err error) {
	err = s.do("look up stragglers", func() error { found, err = s.Tables.Seen(ctx, epoch, source, keys, before); return err })
	return found, err
}

// Recent is Tables'.
func (s *Seam) Recent(ctx context.Context, epoch uint32, source stream.Source, since event.Time, before stream.Offset) iter.Seq2[store.Known, error] {
	return func(yield func(store.Known, error) bool) {
		if err := s.do("recall", func() error { return nil }); err != nil {
			yield(store.Known{}, err)
			return
		}
		s.Tables.Recent(ctx, epoch, source, since, before)(yield)
	}
}

// Whole is Tables'. It is no point of its own: it is a read that follows another.
func (s *Seam) Whole(ctx context.Context, epoch uint32, source stream.Source, next stream.Offset) (stream.Offset, error) {
	return s.Tables.Whole(ctx, epoch, source, next)
}

// Progress is Tables'.
func (s *Seam) Progress(ctx context.Context, epoch uint32, topic stream.Topic) (p map[int32]rows.Progress, err error) {
	err = s.do("read progress", func() error { p, err = s.Tables.Progress(ctx, epoch, topic); return err })
	return p, err
}
