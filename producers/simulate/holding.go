package simulate

import (
	"runrate/internal/money"
	"runrate/schemas/definitions"
)

// The five movements, in the order in which they are told.
const (
	isNew = iota
	expansion
	reactivation
	contraction
	churn
	moves
)

var moveNames = [moves]string{"new", "expansion", "reactivation", "contraction", "churn"}

// bridgeDays is how far net new ARR looks back; window and multiple make usage
// revenue into ARR.
const (
	bridgeDays = definitions.NetNewDays
	window     = definitions.DefaultWindowDays
	multiple   = definitions.DefaultMultiplier
	perYear    = 12 // MRR into ARR
)

// standing is what decides how a holding moved between a history's end and 30
// days before: its value then and now, and the first midnight, counted in days
// from the start, at which it was above 0; 0 if it never was. Values are in the
// unit of whoever takes them: window revenue, or MRR.
type standing struct {
	before, now money.Amount
	first       int
}

// take notes the value as of a midnight; midnights are taken in order, from 1
// to the end.
func (s *standing) take(midnight, end int, value money.Amount) {
	if s.first == 0 && value.Sign() > 0 {
		s.first = midnight
	}
	if midnight == end-bridgeDays {
		s.before = value
	}
	s.now = value
}

// move is the movement that now - before is (DEFINITIONS A6).
func (s *standing) move(end int) int {
	switch {
	case s.before.Sign() <= 0 && s.now.Sign() > 0 && s.first > end-bridgeDays:
		return isNew
	case s.before.Sign() <= 0 && s.now.Sign() > 0:
		return reactivation
	case s.now.Sign() <= 0 && s.before.Sign() > 0:
		return churn
	case s.now.Cmp(s.before) >= 0:
		return expansion
	}
	return contraction
}

// holding is an account's revenue of the window that is made annual.
type holding struct {
	standing
	days       [window]money.Amount // by day modulo the window
	sum        money.Amount         // of days
	lastActive int                  // the day after the last with usage; 0: none
}

func (h *holding) earn(d int, amount money.Amount) {
	h.days[d%window] = plus(h.days[d%window], amount)
	h.sum = plus(h.sum, amount)
}

// close ends a day and makes room for the next.
func (h *holding) close(d, end int) {
	h.take(d+1, end, h.sum)
	oldest := &h.days[(d+1)%window]
	if !oldest.IsZero() {
		h.sum = minus(h.sum, *oldest)
		*oldest = money.Amount{}
	}
}
