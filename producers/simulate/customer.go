package simulate

import (
	"fmt"
	"math/big"

	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/truth"
)

// customer is one customer of the chat line.
type customer struct {
	name            event.Account
	segment, region uint8
	seats           uint64 // that it begins with
	arrive          int    // day
	shared          bool   // with the API line
	subscriptions   []subscription

	mrr      money.Amount // of all subscriptions
	ever     bool         // was mrr above 0 before
	standing standing     // for net new ARR
}

// subscription is what a customer pays for, and its state.
type subscription struct {
	id       string
	plan     string
	seats    uint64
	months   uint32 // that a bill is for: 1, 3 or 12
	discount int    // percent
	status   event.Status
	until    int // day on which a trial, a pause or dunning ends
	mrr      money.Amount
}

// The plans: what a segment buys, and the price of a seat by the months that a
// bill is for, in cents.
var (
	planNames  = [segments]string{"enterprise", "team", "plus"}
	planCents  = [segments]map[uint32]int64{{3: 17_500, 12: 64_900}, {1: 3_000, 12: 29_900}, {1: 2_000, 12: 19_900}}
	mostSeats  = [segments]uint64{0, 240, 1} // of the first by rank; enterprise: see seatsOf
	leastSeats = [segments]uint64{10, 2, 1}
)

// enroll makes the chat customers: by rank, every second one of a segment is
// also an API customer while there are any, the others are new accounts.
func (m *Model) enroll() {
	number, first := len(m.accounts), 0
	of := ofSegment(m.config.Accounts)
	if m.config.Customers == 0 {
		return
	}
	for s, n := range ofSegment(m.config.Customers) {
		for rank := range n {
			c := customer{segment: uint8(s), seats: m.seatsOf(s, rank)}
			if shared := rank / 2; rank%2 == 0 && shared < of[s] {
				a := m.accounts[first+shared]
				c.name, c.region, c.shared = a.name, a.region, true
			} else {
				number++
				c.name, c.region = name(number), uint8(m.draw.weighted(regionShare, 100))
			}
			if m.draw.ppm(350_000) {
				c.arrive = m.draw.between(0, m.config.Days-1)
			}
			m.customers = append(m.customers, c)
		}
		first += of[s]
	}
}

// seatsOf is how many seats the customer of a rank begins with.
func (m *Model) seatsOf(segment, rank int) uint64 {
	most := mostSeats[segment]
	if segment == enterprise {
		most = min(max(m.config.Daily/250, 20), 50_000)
	}
	seats := most * skew[segment] / (skew[segment] + uint64(rank))
	seats = seats * uint64(m.draw.between(60, 120)) / 100
	return max(seats, leastSeats[segment])
}

// closeDay takes the standing as of the midnight that ends a day.
func (c *customer) closeDay(d, days int) { c.standing.take(d+1, days, c.mrr) }

// subscribe makes what happens to a customer's subscriptions on a day: one change
// at most, so that changes of a customer are made in the order of their times.
func (m *Model) subscribe(c *customer, d int) {
	if d < c.arrive {
		return
	}
	if len(c.subscriptions) == 0 || len(c.subscriptions) == 1 && c.segment == enterprise && m.draw.ppm(2_500) {
		m.sign(c, d)
		return
	}
	k := &c.subscriptions[d%len(c.subscriptions)]
	if !m.evolve(k, c.segment, d) {
		return
	}
	m.change(c, k, d)
}

// sign begins a subscription.
func (m *Model) sign(c *customer, d int) {
	n := len(c.subscriptions)
	k := subscription{
		id:   fmt.Sprintf("sub_%s_%d", c.name[len(AccountPrefix):], n+1),
		plan: planNames[c.segment], seats: c.seats,
		months: 1, status: event.Active,
	}
	switch c.segment {
	case enterprise:
		k.months, k.discount = []uint32{12, 12, 12, 3}[m.draw.below(4)], 5*m.draw.between(1, 7)
	default:
		if m.draw.ppm(300_000) {
			k.months = 12
		}
		if m.draw.ppm(250_000) {
			k.status, k.until = event.Trialing, d+m.draw.between(7, 14)
		}
	}
	if n > 0 { // a second one is a pilot of another team
		k.seats = max(k.seats*uint64(m.draw.between(3, 15))/100, 1)
	}
	c.subscriptions = append(c.subscriptions, k)
	m.change(c, &c.subscriptions[n], d)
}

// evolve moves a subscription on by a day and says whether it changed.
func (m *Model) evolve(k *subscription, segment uint8, d int) bool {
	due := d >= k.until
	switch k.status {
	case event.Trialing:
		if due {
			k.status = m.either(720_000, event.Active, event.Canceled)
		}
		return due
	case event.PastDue:
		if due {
			k.status, k.until = m.either(750_000, event.Active, event.Unpaid), d+14
		}
		return due
	case event.Unpaid:
		if due {
			k.status = event.Canceled
		}
		return due
	case event.Paused:
		if due {
			k.status = event.Active
		}
		return due
	case event.Canceled:
		if m.draw.ppm(12_000) {
			k.status = event.Active
			return true
		}
		return false
	}
	return m.move(k, segment, d)
}

// move is what happens to a subscription that is paid for.
func (m *Model) move(k *subscription, segment uint8, d int) bool {
	small := segment == developer
	switch n := m.draw.below(10_000); {
	case n < 160 && !small: // more seats
		k.seats += max(k.seats*uint64(m.draw.between(1, 20))/100, 1)
	case n < 200 && !small: // fewer
		k.seats -= min(max(k.seats*uint64(m.draw.between(1, 15))/100, 1), k.seats-1)
	case n < 225: // cannot pay
		k.status, k.until = event.PastDue, d+m.draw.between(3, 10)
	case n < 235:
		k.status, k.until = event.Paused, d+m.draw.between(7, 28)
	case n < 255 || small && n < 270:
		k.status = event.Canceled
	case n < 300 && small && k.months == 1: // to a year, which is cheaper
		k.months = 12
	case n < 310 && segment == enterprise && k.discount > 0: // at renewal
		k.discount -= 5
	default:
		return false
	}
	return true
}

func (m *Model) either(ppm int, a, b event.Status) event.Status {
	if m.draw.ppm(ppm) {
		return a
	}
	return b
}

// change books a subscription's new state and sends it.
func (m *Model) change(c *customer, k *subscription, d int) {
	before := c.mrr
	c.mrr = minus(c.mrr, k.mrr)
	k.mrr = k.monthly(c.segment)
	c.mrr = plus(c.mrr, k.mrr)
	m.tally.change(d, before, c.mrr, c.ever)
	c.ever = c.ever || c.mrr.Sign() > 0
	m.send(arrival{
		account: c.name, region: c.region, kind: event.SubscriptionChanged,
		time:         m.moment(c.region, m.config.Start+event.Time(d)*event.Day),
		subscription: k.state(c),
	})
}

// price is what a seat costs for the months of a bill, in cents.
func (k *subscription) price(segment uint8) int64 { return planCents[segment][k.months] }

// monthly is what a subscription earns in a month: a bill's seats x price x
// (100 - discount) %, over its months, rounded half to even at the 12th
// decimal.
func (k *subscription) monthly(segment uint8) money.Amount {
	if k.status != event.Active && k.status != event.PastDue {
		return money.Amount{}
	}
	n := new(big.Int).SetUint64(k.seats)
	n.Mul(n, big.NewInt(k.price(segment)*int64(100-k.discount)))
	n.Mul(n, big.NewInt(100_000_000)) // from hundredths of a cent to 10^-12
	half := big.NewRat(1, 2)
	exactly := new(big.Rat).SetFrac(n, big.NewInt(int64(k.months)))
	whole := new(big.Int).Quo(exactly.Num(), exactly.Denom())
	rest := new(big.Rat).Sub(exactly, new(big.Rat).SetInt(whole))
	if c := rest.Cmp(half); c > 0 || c == 0 && whole.Bit(0) == 1 {
		whole.Add(whole, big.NewInt(1))
	}
	return exact(money.FromBig(whole))
}

// state is the subscription as an event says it.
func (k *subscription) state(c *customer) *event.Subscription {
	percent, err := money.ParsePercent(fmt.Sprint(k.discount))
	if err != nil {
		panic(err)
	}
	s := &event.Subscription{
		ID: k.id, Line: truth.SubscriptionLine, Plan: k.plan,
		Segment: segmentNames[c.segment], Region: regionNames[c.region],
		Status: k.status, Quantity: k.seats, Currency: truth.Currency, Discount: percent,
		UnitAmount: exact(money.FromInt(k.price(c.segment)).DivExact(100)),
		Interval:   event.EveryMonth, IntervalCount: k.months,
	}
	if k.months == 12 {
		s.Interval, s.IntervalCount = event.EveryYear, 1
	}
	return s
}
