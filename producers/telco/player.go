package telco

import (
	"context"

	"runrate/internal/event"
	"runrate/producers/publish"
)

// player sends events and keeps the clock along with them.
type player struct {
	r     Replay
	sink  Sink
	clock event.Time // the last tick; 0 before the first
	buf   []byte
}

// clockUpTo sends the ticks that are due up to an instant: every midnight since
// the last tick, and the instant itself, as its events must not be ahead of the
// clock.
func (p *player) clockUpTo(ctx context.Context, at event.Time) error {
	if p.clock > 0 {
		for midnight := p.clock/event.Day*event.Day + event.Day; midnight < at; midnight += event.Day {
			if err := p.tick(ctx, midnight); err != nil {
				return err
			}
		}
	}
	if at == p.clock {
		return nil
	}
	return p.tick(ctx, at)
}

// tick moves the clock, with the first from wherever it stood.
func (p *player) tick(ctx context.Context, at event.Time) error {
	e := event.Event{Type: event.ClockTicked, Source: Source, ID: "tick-" + at.String(), Time: at, Jump: p.clock == 0}
	p.clock = at
	return p.send(ctx, e)
}

// change sends the state of a customer's subscription from an instant on.
func (p *player) change(ctx context.Context, c Customer, at event.Time, status event.Status) error {
	id := c.ID + "-start"
	if status == event.Canceled {
		id = c.ID + "-cancel"
	}
	return p.send(ctx, event.Event{
		Type: event.SubscriptionChanged, Source: Source + "/" + p.r.File.Name, ID: id, Account: event.Account(c.ID), Time: at,
		Subscription: &event.Subscription{
			ID: "sub-" + c.ID, Line: Line, Plan: c.Plan, Segment: Segment, Region: Region, Status: status,
			Quantity: 1, UnitAmount: c.Monthly, Currency: Currency, Interval: event.EveryMonth, IntervalCount: 1,
		},
	})
}

func (p *player) send(ctx context.Context, e event.Event) error {
	p.buf = e.AppendJSON(p.buf[:0])
	return p.sink.SendTo(ctx, publish.Route{Type: e.Type, Subject: string(e.Account)}, p.buf)
}
