package intake

import (
	"runrate/internal/event"
	"runrate/internal/rows"
)

// Memory bounds the identities that a partition keeps in memory; the others are
// looked up, which is slower and gives the same answer (DEFINITIONS L9).
type Memory struct {
	Recent event.Time // keep events up to this far behind the clock
	Most   int        // identities, about 25 bytes each; beyond it the oldest hours are let go
}

// DefaultMemory is two hours of up to four million events a partition.
var DefaultMemory = Memory{Recent: 2 * event.Hour, Most: 4_000_000}

// seen knows the identities of accepted events. Invariant: every identity
// accepted so far with time >= floor is in hours; one below floor is in
// stragglers if it was accepted in this batch or learnt for it, and otherwise
// only in ClickHouse. Where an identity is found never changes the answer, so
// floor is free to follow memory.
type seen struct {
	memory     Memory
	floor      event.Time // an hour boundary
	hours      map[event.Time]map[[16]byte]struct{}
	count      int
	stragglers map[[16]byte]struct{}
}

func newSeen(memory Memory) *seen {
	return &seen{
		memory:     memory,
		floor:      event.MinTime,
		hours:      map[event.Time]map[[16]byte]struct{}{},
		stragglers: map[[16]byte]struct{}{},
	}
}

func (s *seen) covers(t event.Time) bool { return t >= s.floor }

func (s *seen) has(identity [16]byte, t event.Time) bool {
	set := s.stragglers
	if s.covers(t) {
		set = s.hours[hourOf(t)]
	}
	_, ok := set[identity]
	return ok
}

func (s *seen) add(identity [16]byte, t event.Time) {
	if !s.covers(t) {
		s.stragglers[identity] = struct{}{}
		return
	}
	h := hourOf(t)
	set := s.hours[h]
	if set == nil {
		set = map[[16]byte]struct{}{}
		s.hours[h] = set
	}
	s.count -= len(set) // one may be recalled again
	set[identity] = struct{}{}
	s.count += len(set)
}

func (s *seen) learn(identity [16]byte) { s.stragglers[identity] = struct{}{} }

// recall is add for an identity that is in ClickHouse already: it may be let
// go again at once.
func (s *seen) recall(identity [16]byte, t event.Time) {
	if !s.covers(t) {
		return
	}
	s.add(identity, t)
	s.shrink()
}

// done lets go of what the batch no longer needs: everything accepted so far
// can be looked up from here on.
func (s *seen) done(p rows.Progress) {
	clear(s.stragglers)
	s.evict(p)
}

// evict raises the floor to recent behind the clock, and further while too
// much is in memory.
func (s *seen) evict(p rows.Progress) {
	if p.Ticked {
		s.raise(hourOf(max(p.Clock-s.memory.Recent, event.MinTime)))
	}
	s.shrink()
}

// shrink raises the floor past the oldest hours until few enough identities
// are left.
func (s *seen) shrink() {
	for s.count > s.memory.Most {
		oldest := event.MaxTime
		for h := range s.hours {
			oldest = min(oldest, h)
		}
		s.raise(oldest + event.Hour)
	}
}

func (s *seen) raise(floor event.Time) {
	if floor <= s.floor {
		return
	}
	s.floor = floor
	for h, set := range s.hours {
		if h < floor {
			s.count -= len(set)
			delete(s.hours, h)
		}
	}
}

// hourOf is the start of the hour that holds t. Event times are not negative.
func hourOf(t event.Time) event.Time { return t - t%event.Hour }
