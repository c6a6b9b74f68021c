package simulate

import (
	"cmp"
	"slices"

	"runrate/internal/event"
)

// arrival is an event on its way into the log.
type arrival struct {
	at     event.Time // when it is sent
	time   event.Time // when it happened
	serial uint64     // of the event
	again  bool       // sent a second time

	account         event.Account
	index           int32 // of the account
	segment, region uint8
	kind            event.Type
	product         uint8
	fault           event.Reason // the reason for which it must be refused, "" if it must not

	counts       counts // of usage
	adjustment   *event.Adjustment
	subscription *event.Subscription
}

// send puts an event on its way, and some a second time.
func (m *Model) send(a arrival) {
	m.serial++
	a.serial = m.serial
	r := m.config.Rates
	var delay event.Time
	switch n := int(m.draw.below(1_000_000)); {
	case n < r.Late:
		delay = m.lateness()
	case n < r.Late+r.Disorder:
		delay = event.Time(m.draw.below(uint64(15 * event.Minute)))
	default:
		delay = event.Time(m.draw.below(uint64(2 * event.Second)))
	}
	// All of a history is there at its end.
	a.at = min(a.time+delay, m.config.End()-1)
	m.queue.push(a)
	if a.fault == "" && m.draw.ppm(r.Duplicates) {
		a.again = true
		a.at += event.Second + event.Time(m.draw.below(uint64(event.Minute)))
		if m.draw.below(4) == 0 {
			a.at += event.Time(m.draw.below(uint64(2 * event.Day)))
		}
		if a.at < m.config.End() {
			m.queue.push(a)
		}
	}
}

// lateness is from an hour to 20 days, every length of a doubling series as
// often as the next.
func (m *Model) lateness() event.Time {
	least := event.Hour << m.draw.below(9) // up to 256 hours
	return min(least+event.Time(m.draw.below(uint64(least))), 20*event.Day)
}

// queue holds what is under way, by the hour of its arrival.
type queue struct {
	start   event.Time
	hours   [][]arrival
	waiting int
}

func newQueue(c Config) queue { return queue{start: c.Start, hours: make([][]arrival, c.Days*24)} }

func (q *queue) push(a arrival) {
	h := (a.at - q.start) / event.Hour
	q.hours[h] = append(q.hours[h], a)
	q.waiting++
}

// take is what arrives in an hour, in order.
func (q *queue) take(h int) []arrival {
	list := q.hours[h]
	q.hours[h] = nil
	q.waiting -= len(list)
	slices.SortFunc(list, func(a, b arrival) int {
		if c := cmp.Compare(a.at, b.at); c != 0 {
			return c
		}
		return cmp.Compare(a.serial, b.serial) // a second sending is later by a second at least
	})
	return list
}

func (q *queue) empty() bool { return q.waiting == 0 }
