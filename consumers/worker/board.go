package worker

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"runrate/internal/stream"
)

// Board is what a process says of the partitions that it folds. Any goroutine may
// use it.
type Board struct {
	mu      sync.Mutex
	says    map[stream.Source]*said
	changed chan struct{}
	joined  bool
	beats   map[string]time.Time // of loops, when they went round last
}

// Status is what is said of a partition.
type Status struct {
	Source stream.Source
	Word   Word
	Reason Reason // of Halted, else ""
	Detail string // of Halted and Stalled: the cause, and the way out
	Since  time.Time
	// Owed is since when amendments of late events are owed, zero if nothing is. What a
	// state owes that is not restored yet is not known: it counts as owed.
	Owed time.Time
}

// Word is a status in a word, as docs/DEFINITIONS.md V12 has them.
type Word string

// The words that a consumer says itself.
const (
	Folding   Word = "ok"
	Stalled   Word = "stalled" // a step is tried again and again
	IsHalted  Word = "halted"
	stalledIn      = 10 * time.Second // of tries
)

// said is what is known of one partition.
type said struct {
	halted    *Halted
	since     time.Time
	restoring bool               // its state is not there yet
	owed      time.Time          // since when something is owed, zero if nothing is
	troubles  map[string]trouble // by step
}

// trouble is a step that fails, and may pass.
type trouble struct {
	err   error
	since time.Time
}

// NewBoard returns an empty board.
func NewBoard() *Board {
	return &Board{says: map[stream.Source]*said{}, changed: make(chan struct{}, 1), beats: map[string]time.Time{}}
}

// Changed is sent to after a status has changed.
func (b *Board) Changed() <-chan struct{} { return b.changed }

// All returns every partition's status, in order.
func (b *Board) All() []Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]Status, 0, len(b.says))
	for source, s := range b.says {
		status := s.status(source, time.Now())
		status.Owed = s.owed
		all = append(all, status)
	}
	slices.SortFunc(all, func(a, b Status) int { return cmp.Compare(a.Source.Partition, b.Source.Partition) })
	return all
}

// Halts returns those that are halted.
func (b *Board) Halts() []Status {
	return slices.DeleteFunc(b.All(), func(s Status) bool { return s.Word != IsHalted })
}

func (s *said) status(source stream.Source, now time.Time) Status {
	if s.halted != nil {
		return Status{Source: source, Word: IsHalted, Reason: s.halted.Reason, Detail: s.halted.Err.Error(), Since: s.since}
	}
	for _, step := range slices.Sorted(maps.Keys(s.troubles)) {
		if t := s.troubles[step]; now.Sub(t.since) >= stalledIn {
			return Status{Source: source, Word: Stalled, Detail: step + ": " + t.err.Error(), Since: t.since}
		}
	}
	return Status{Source: source, Word: Folding, Since: s.since}
}

// folding says that a partition is folded.
func (b *Board) folding(source stream.Source) {
	b.set(source, &said{since: time.Now()})
}

// halt says that a partition is halted. What it owed when it was folded last, it owes.
func (b *Board) halt(h *Halted) {
	b.mu.Lock()
	before := b.says[h.Source]
	b.mu.Unlock()
	now := &said{halted: h, since: time.Now()}
	if before != nil && before.halted != nil && before.halted.Reason == h.Reason {
		now.since = before.since
	}
	if before != nil && !before.restoring {
		now.owed = before.owed
	}
	b.set(h.Source, now)
}

// owe says since when a partition owes something, zero if it owes nothing.
func (b *Board) owe(source stream.Source, since time.Time) {
	b.mu.Lock()
	if s := b.says[source]; s != nil {
		s.owed = since
	}
	b.mu.Unlock()
	b.tell()
}

func (b *Board) set(source stream.Source, s *said) {
	b.mu.Lock()
	b.says[source] = s
	b.mu.Unlock()
	b.tell()
}

// Complain says of all partitions that are here what stays wrong until somebody mends it.
func (b *Board) Complain(step string, err error) {
	b.mu.Lock()
	for _, s := range b.says {
		if s.troubles == nil {
			s.troubles = map[string]trouble{}
		}
		s.troubles[step] = trouble{err, time.Now().Add(-stalledIn)}
	}
	b.mu.Unlock()
	b.tell()
}

// tried says what came of a step of a partition: an error that may pass, or nil.
func (b *Board) tried(source stream.Source, step string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.says[source]
	switch {
	case s == nil && err == nil:
		return
	case s == nil:
		s = &said{since: time.Now()}
		b.says[source] = s
	}
	if err == nil {
		delete(s.troubles, step)
		return
	}
	if s.troubles == nil {
		s.troubles = map[string]trouble{}
	}
	since := time.Now()
	if t, ok := s.troubles[step]; ok {
		since = t.since
	}
	s.troubles[step] = trouble{err, since}
}

// leave says nothing more of a partition: others have it.
func (b *Board) leave(source stream.Source) {
	b.mu.Lock()
	delete(b.says, source)
	b.mu.Unlock()
}

// tell wakes whoever waits for a change.
func (b *Board) tell() {
	select {
	case b.changed <- struct{}{}:
	default:
	}
}
