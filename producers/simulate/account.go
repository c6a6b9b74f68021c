package simulate

import (
	"fmt"
	"math"

	"runrate/internal/event"
)

// account is one API customer.
type account struct {
	name            event.Account
	segment, region uint8
	primary         uint8 // its favourite product

	base   uint64 // USD x 10^-6 a day at level 1
	level  uint64 // of its use; one is levelOne
	growth int    // of the level a day, parts per million

	arrive, leave, back int // days; it is there in [arrive, leave) and from back on

	activeShare int // of days, percent
	calls       int // events on a day of average use
}

const (
	levelOne = 1 << 20
	levelMin = levelOne >> 6
	levelMax = levelOne << 6
	never    = math.MaxInt32
)

// name is an account's name by its number, from 1.
func name(number int) event.Account {
	return event.Account(fmt.Sprintf("%s%07d", AccountPrefix, number))
}

// ofSegment splits n accounts: 0.6% enterprise, 7% business, at least one each
// where there are three, the others developers.
func ofSegment(n int) [segments]int {
	e := min(max(n*6/1000, 1), n)
	b := min(max(n*70/1000, 1), n-e)
	return [segments]int{e, b, n - e - b}
}

// spendShare is a segment's part of the first day's use, in percent.
var spendShare = [segments]uint64{66, 25, 9}

// skew makes rank r of a segment spend skew/(skew+r) of what its first does.
var skew = [segments]uint64{5, 40, 400}

// found makes the API customers.
func (m *Model) found() {
	for s, n := range ofSegment(m.config.Accounts) {
		var sum uint64
		for rank := range n {
			sum += weight(s, rank)
		}
		for rank := range n {
			a := account{name: name(len(m.accounts) + 1), segment: uint8(s), level: levelOne}
			a.region = uint8(m.draw.weighted(regionShare, 100))
			a.base = max(mulDiv(m.config.Daily*10_000*spendShare[s], weight(s, rank), sum), 1000)
			m.character(&a, rank)
			m.fate(&a, rank, n)
			m.accounts = append(m.accounts, a)
		}
	}
}

// weight is a rank's part of its segment.
func weight(segment, rank int) uint64 {
	return 1_000_000_000 * skew[segment] / (skew[segment] + uint64(rank))
}

// liking is how often each product is a segment's favourite, in percent.
var liking = [segments][]uint16{{40, 38, 14, 8}, {26, 40, 24, 10}, {16, 30, 44, 10}}

// character says what an account uses and how often.
func (m *Model) character(a *account, rank int) {
	a.primary = uint8(m.draw.weighted(liking[a.segment], 100))
	switch a.segment {
	case enterprise:
		a.activeShare, a.calls = 100, m.draw.between(10, 22)
	case business:
		a.activeShare, a.calls = m.draw.between(75, 100), m.draw.between(1, 5)
	default:
		a.activeShare, a.calls = m.draw.between(15, 80), 1
	}
	if rank == 0 && a.segment == enterprise {
		a.primary = 0
	}
}

// fate draws when an account comes, whether it goes and returns, and how its
// use grows. The few that carry a segment stay and grow, in every company.
func (m *Model) fate(a *account, rank, n int) {
	days := m.config.Days
	a.leave, a.back = never, never
	if !m.draw.ppm(620_000) {
		a.arrive = max(m.draw.between(0, days-1), m.draw.between(0, days-1))
	}
	switch kind := m.draw.between(1, 100); {
	case kind <= 56: // grows
		a.growth = m.draw.between(8_000, 28_000)
	case kind <= 77: // steady
		a.growth = m.draw.between(-2_000, 6_000)
	case kind <= 89: // shrinks
		a.growth = m.draw.between(-24_000, -6_000)
	case kind <= 97: // leaves; one in three returns
		a.growth = m.draw.between(-10_000, 5_000)
		a.leave = a.arrive + 1 + m.draw.between(2, 70)
		if m.draw.ppm(333_333) {
			a.back = a.leave + m.draw.between(20, 60)
		}
	default: // sleeps for more than four weeks, early on
		a.arrive, a.leave = 0, m.draw.between(1, 7)
		a.back = a.leave + m.draw.between(30, 52)
		a.growth = m.draw.between(0, 10_000)
	}
	if a.segment == enterprise && rank*8 < n {
		a.arrive, a.leave, a.back = 0, never, never
		a.growth = m.draw.between(12_000, 18_000)
	}
}

// there says whether it is a customer on a day.
func (a *account) there(d int) bool {
	return d >= a.arrive && (d < a.leave || d >= a.back)
}

// grow moves the level on by a day.
func (a *account) grow() {
	a.level = min(max(mulDiv(a.level, uint64(1_000_000+a.growth), 1_000_000), levelMin), levelMax)
}
