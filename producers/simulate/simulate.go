// Package simulate makes up a whole company from a seed: an API line priced per
// token and a line of chat apps sold by the seat, with accounts that arrive,
// grow, shrink, leave and come back, in the rhythm of days and weeks; and all
// that goes wrong on the way into a log: duplicates, disorder, late events and
// some that must be refused.
//
// Start at Company, then Model.History. The events are a function of Config
// alone: no wall clock, no map order, no floating point, so that a seed gives
// the same bytes on every machine. While it makes them the model adds up, by its
// own, simpler means (the tally), what it intends: Model.Truth. Check compares
// ClickHouse with that. Live goes on from where a history ended, by the wall clock.
//
// # Time
//
// Event times lie in [Start, Start + Days). What arrives in an hour is sent in
// the order of arrival, behind one tick at minute 55 of that hour: no event is
// more than five minutes ahead of it, and the hour's boundary is passed only
// when all that came in time is there. The last record is a tick at the end.
package simulate

import (
	"fmt"
	"iter"

	"runrate/internal/event"
	"runrate/internal/pricebook"
	"runrate/internal/truth"
)

// AccountPrefix begins the name of every simulated account.
const AccountPrefix = "sim_"

// Model is a company and the tally of what it made. It is used by one goroutine.
type Model struct {
	config Config
	book   *pricebook.Book
	draw   draw

	accounts  []account  // API customers first, by segment and rank
	customers []customer // of the chat line
	tally     *tally
	queue     queue
	serial    uint64    // of events
	templates []arrival // the usage of the last day, for Live
	done      bool
}

// Company sets up the company of a config; the error says what is wrong with
// it.
func Company(config Config) (*Model, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	book, err := Book()
	if err != nil {
		return nil, err
	}
	m := &Model{config: config, book: book, draw: newDraw(config.Seed)}
	m.found()
	m.enroll()
	m.tally = newTally(config, len(m.accounts))
	m.queue = newQueue(config)
	return m, nil
}

// Config is the config with its defaults.
func (m *Model) Config() Config { return m.config }

// History is all messages from Start to the end, in the order of sending: the
// price book, then hour by hour. A message is good until the next. It can be
// iterated once; memory is bounded by the accounts and by what is under way,
// not by the length.
func (m *Model) History() iter.Seq[*Message] {
	if m.done {
		panic("simulate: a history can be made once")
	}
	m.done = true
	return func(yield func(*Message) bool) {
		var out Message
		start := m.config.Start
		if !yield(out.book(m.book, start)) {
			return
		}
		for d := range m.config.Days {
			m.liveThrough(d)
			for h := d * 24; h < d*24+24; h++ {
				tick := start + event.Time(h)*event.Hour + tickMinute*event.Minute
				if !yield(out.tick(tick, h == 0)) {
					return
				}
				for _, a := range m.queue.take(h) {
					m.tally.arrived(a)
					if !yield(m.message(&out, a)) {
						return
					}
				}
			}
		}
		yield(out.tick(m.config.End(), false))
	}
}

// tickMinute is the minute of each hour at which the clock stands while the
// events of that hour arrive: as late as can be without their being too new.
const tickMinute = 55

// liveThrough makes the events of a day and books them.
func (m *Model) liveThrough(d int) {
	last := d == m.config.Days-1
	for i := range m.accounts {
		m.use(&m.accounts[i], i, d, last)
	}
	for i := range m.customers {
		m.subscribe(&m.customers[i], d)
	}
	m.blunder(d)
	m.tally.closeDay(d)
	for i := range m.customers {
		m.customers[i].closeDay(d, m.config.Days)
	}
}

// Truth is what the numbers must be once the history is folded. It needs the
// whole history to have been iterated.
func (m *Model) Truth() (*truth.Truth, error) {
	if !m.queue.empty() || m.tally.closedDays != m.config.Days {
		return nil, fmt.Errorf("the truth of %d days is known after all of them; %d were made", m.config.Days, m.tally.closedDays)
	}
	return m.truth(), nil
}
