package netnew

import "runrate/internal/money"

// totals are the movements of one line and currency as of one midnight, before
// the factor that makes them annual. parts is the number of holdings that have
// anything in either value: the row shows where it is above zero.
type totals struct {
	opening, new, expansion, reactivation, contraction, churn, closing money.Amount

	parts int64
}

// move is what one holding gives to one midnight T: its value at T-30d and at T,
// and whether it was above zero at any midnight up to T-30d.
type move struct {
	before, now money.Amount
	everBefore  bool
	present     bool
}

// book adds the move to the totals (sign +1) or takes it off (sign -1), by
// the rules of net_new_arr (DEFINITIONS A6).
func (t *totals) book(m move, sign int64) {
	if !m.present {
		return
	}
	t.parts += sign
	change := m.now.Minus(m.before)
	before, now := m.before, m.now
	if sign < 0 {
		change, before, now = change.Neg(), before.Neg(), now.Neg()
	}
	t.opening = t.opening.Plus(before)
	t.closing = t.closing.Plus(now)
	bucket := t.bucket(m)
	*bucket = bucket.Plus(change)
}

// bucket returns the movement that the change from before to now belongs to. A
// holding above zero at or before T-30d has been a customer's: its return is a
// reactivation.
func (t *totals) bucket(m move) *money.Amount {
	before, now := m.before.Sign(), m.now.Sign()
	switch {
	case before <= 0 && now > 0 && !m.everBefore:
		return &t.new
	case before <= 0 && now > 0:
		return &t.reactivation
	case now <= 0 && before > 0:
		return &t.churn
	case m.now.Cmp(m.before) >= 0:
		return &t.expansion
	default:
		return &t.contraction
	}
}
