package simulate

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"runrate/internal/event"
)

// liveSource is the CloudEvents source of what Live sends.
const liveSource = "simulate/live"

// Live is a company that goes on by the wall clock: usage like that of the
// history's last day, scaled so that a day of it earns the same at whatever
// rate, now and then a change of seats, and duplicates at the model's rate.
type Live struct {
	Model  *Model  // whose history was made
	Rate   float64 // events a second, above 0 up to 1,000,000
	Ticks  bool    // send the clock, too, once a second
	Format Format

	Now  func() time.Time // default: time.Now
	Beat <-chan time.Time // default: every 50 ms

	sent uint64
	out  Message
	buf  []byte
}

// seatEvery is how many events there are to one change of seats.
const seatEvery = 200

// Run sends until ctx ends, which is no error, or until limit is over; 0 is
// none.
func (l *Live) Run(ctx context.Context, sink Sink, limit time.Duration) error {
	if !(l.Rate > 0 && l.Rate <= 1_000_000) {
		return errors.New("a live rate must be above 0 and at most 1,000,000 events a second")
	}
	if len(l.Model.templates) == 0 {
		return errors.New("nobody used anything on the history's last day: there is nothing to go on with")
	}
	if l.Now == nil {
		l.Now = time.Now
	}
	if l.Beat == nil {
		t := time.NewTicker(50 * time.Millisecond)
		defer t.Stop()
		l.Beat = t.C
	}
	began := l.Now()
	ticked := time.Duration(-1)
	for {
		elapsed := l.Now().Sub(began)
		if l.Ticks && elapsed/time.Second > ticked {
			jump := ticked < 0 // from the end of the history
			ticked = elapsed / time.Second
			if err := l.send(ctx, sink, l.out.tick(event.TimeOf(l.Now()), jump)); err != nil {
				return stopped(ctx, err)
			}
		}
		for due := uint64(elapsed.Seconds() * l.Rate); l.sent < due; {
			if err := l.one(ctx, sink); err != nil {
				return stopped(ctx, err)
			}
		}
		if limit > 0 && elapsed >= limit {
			return sink.Flush(ctx)
		}
		select {
		case <-l.Beat:
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			return sink.Flush(last)
		}
	}
}

// stopped returns err, or nil when the context is over.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the context is over: to stop when told to is no error
	}
	return err
}

func (l *Live) send(ctx context.Context, sink Sink, msg *Message) error {
	l.buf = msg.Append(l.buf[:0], l.Format)
	return sink.SendTo(ctx, msg.Route(), l.buf)
}

// one sends the next event.
func (l *Live) one(ctx context.Context, sink Sink) error {
	m := l.Model
	l.sent++
	now := event.TimeOf(l.Now()) - event.Time(m.draw.below(uint64(event.Second)))
	msg := &l.out
	msg.Raw = msg.Raw[:0]
	if a := l.seats(); a != nil {
		msg.Event = event.Event{Type: event.SubscriptionChanged, Account: a.account, Subscription: a.subscription}
	} else {
		a := m.templates[m.draw.below(uint64(len(m.templates)))]
		a.counts = l.scaled(a.counts)
		msg.Event = event.Event{Type: event.UsageRecorded, Account: a.account}
		msg.fill(&a)
	}
	msg.Event.Source, msg.Event.Time = liveSource, now
	msg.Event.ID = strconv.FormatInt(int64(now), 36) + "-" + strconv.FormatUint(l.sent, 36)
	if err := l.send(ctx, sink, msg); err != nil {
		return err
	}
	if m.draw.ppm(m.config.Rates.Duplicates) {
		return l.send(ctx, sink, msg)
	}
	return nil
}

// scaled is a template's share of a day, over the events that are sent in one.
func (l *Live) scaled(q counts) counts {
	perDay, calls := uint64(math.Max(l.Rate*86_400, 1)), uint64(len(l.Model.templates))
	for i, n := range q {
		if n > 0 {
			q[i] = min(max(min(n, math.MaxUint64/calls)*calls/perDay, 1), event.MaxQuantity)
		}
	}
	return q
}

// seats is, once in seatEvery events, a change of seats of some customer that
// pays by the seat; else nil.
func (l *Live) seats() *arrival {
	m := l.Model
	if len(m.customers) == 0 || m.draw.below(seatEvery) != 0 {
		return nil
	}
	c := &m.customers[m.draw.below(uint64(len(m.customers)))]
	if c.segment == developer || len(c.subscriptions) == 0 {
		return nil
	}
	k := &c.subscriptions[0]
	if k.status != event.Active {
		return nil
	}
	if k.seats > 1 && m.draw.below(3) == 0 {
		k.seats--
	} else {
		k.seats += 1 + m.draw.below(3)
	}
	return &arrival{account: c.name, subscription: k.state(c)}
}
