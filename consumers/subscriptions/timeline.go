package subscriptions

import (
	"cmp"
	"slices"

	"runrate/consumers/netnew"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/stream"
)

// kept is how long a change stays in the timeline: as long as net_new_arr can
// ask for the value before it (30 days before the oldest midnight that can be
// amended), which is longer than a late event can reach.
const kept = calendar.Amendable + netnew.Span + 1

// account is the subscriptions of one account. A subscription costs about 300
// bytes and a change of the last 67 days about 250.
type account struct {
	name          event.Account
	subscriptions map[string]*subscription
	changes       []*change // of all subscriptions, by time and offset, without bases
	holdings      map[holdingKey]*holding
}

// subscription is the timeline of one subscription: the changes kept, and the
// state in force before them.
type subscription struct {
	account *account
	id      string
	base    *change   // nil if there was none, or it came to nothing
	changes []*change // by time and offset
}

// plan is the key of the mrr view.
type plan struct {
	line, plan, segment, region, currency string
}

// change is the state of a subscription from time on.
type change struct {
	time         event.Time
	offset       stream.Offset
	subscription *subscription
	plan         plan
	status       event.Status
	mrr          money.Amount // 0 unless it pays
	moves        []movement   // by holding: at most its own and the one it leaves
}

// order is by event time, ties by offset (DEFINITIONS S1).
func order(a, b *change) int {
	return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.offset, b.offset))
}

func (a *account) subscription(id string) *subscription {
	s := a.subscriptions[id]
	if s == nil {
		s = &subscription{account: a, id: id}
		a.subscriptions[id] = s
	}
	return s
}

// around is the state before a change that is or will be in the timeline, and
// the change after it; nil where there is none.
func (s *subscription) around(c *change) (before, after *change) {
	i, found := slices.BinarySearchFunc(s.changes, c, order)
	before = s.base
	if i > 0 {
		before = s.changes[i-1]
	}
	if found {
		i++
	}
	if i < len(s.changes) {
		after = s.changes[i]
	}
	return before, after
}

// put places a change in the timelines of its subscription and account, and
// returns its place in the account's.
func (a *account) put(c *change) int {
	s := c.subscription
	i, _ := slices.BinarySearchFunc(s.changes, c, order)
	s.changes = slices.Insert(s.changes, i, c)
	i, _ = slices.BinarySearchFunc(a.changes, c, order)
	a.changes = slices.Insert(a.changes, i, c)
	return i
}

// forget makes the changes before the horizon into bases.
func (a *account) forget(horizon event.Time) {
	n := 0
	for n < len(a.changes) && a.changes[n].time < horizon {
		c := a.changes[n]
		for _, m := range c.moves {
			if m.holding.rose == c {
				m.holding.everPositive = true
			}
		}
		c.moves = nil
		s := c.subscription
		s.changes = s.changes[1:]
		s.base = c
		if c.mrr.IsZero() {
			s.base = nil
			if len(s.changes) == 0 {
				delete(a.subscriptions, s.id)
			}
		}
		n++
	}
	a.changes = slices.Delete(a.changes, 0, n)
}

// step is the MRR of a state that a subscription enters (sign +1) or leaves (-1).
type step struct {
	state *change
	sign  int64
}

// delta returns the MRR with its sign.
func (s step) delta() money.Amount {
	if s.sign < 0 {
		return s.state.mrr.Neg()
	}
	return s.state.mrr
}

// steps returns what a subscription does that goes from before to after. A state
// that is nil or pays nothing has no part in it.
func steps(before, after *change) []step {
	out := make([]step, 0, 2)
	if before != nil && !before.mrr.IsZero() {
		out = append(out, step{before, -1})
	}
	if after != nil && !after.mrr.IsZero() {
		out = append(out, step{after, +1})
	}
	return out
}
