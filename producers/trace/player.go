package trace

import (
	"context"
	"time"

	"runrate/internal/event"
	"runrate/producers/publish"
)

// player sends events at their pace and keeps the clock along with them.
type player struct {
	r     Replay
	sink  Sink
	began time.Time  // wall time of start
	start event.Time // of the first call
	next  event.Time // tick due; 0 before the first
	begun bool       // the first tick is sent
	buf   []byte
}

func (p *player) send(ctx context.Context, e event.Event) error {
	p.buf = e.AppendJSON(p.buf[:0])
	return p.sink.SendTo(ctx, publish.Route{Type: e.Type, Subject: string(e.Account)}, p.buf)
}

// clockUpTo sends the ticks that are due before an event at this time: one for
// every Tick, but only the full hours of a long pause.
func (p *player) clockUpTo(ctx context.Context, at event.Time) error {
	if p.r.Tick == 0 {
		return nil
	}
	if p.next == 0 {
		p.next = at / p.r.Tick * p.r.Tick
	}
	for p.next <= at {
		if err := p.tick(ctx, p.next); err != nil {
			return err
		}
		p.next += p.r.Tick
		if at-p.next > event.Hour {
			p.next = max((p.next+event.Hour-1)/event.Hour*event.Hour, p.next)
		}
	}
	return nil
}

// closeLast ticks at the end of the last call's hour and of its day, so that
// every window that it is in closes. These two do not wait for the pace.
func (p *player) closeLast(ctx context.Context, last event.Time) error {
	if p.r.Tick == 0 {
		return nil
	}
	p.r.Speed = 0
	hour, midnight := last/event.Hour*event.Hour+event.Hour, last/event.Day*event.Day+event.Day
	if err := p.tick(ctx, hour); err != nil || hour == midnight {
		return err
	}
	return p.tick(ctx, midnight)
}

// tick moves the clock, with the first from wherever it stood.
func (p *player) tick(ctx context.Context, at event.Time) error {
	if err := p.pace(ctx, at); err != nil {
		return err
	}
	e := event.Event{Type: event.ClockTicked, Source: Source, ID: "tick-" + at.String(), Time: at, Jump: !p.begun}
	p.begun = true
	return p.send(ctx, e)
}

// pace waits until it is time for what happens at this event time.
func (p *player) pace(ctx context.Context, at event.Time) error {
	if p.r.Speed == 0 {
		return ctx.Err()
	}
	due := time.Duration(float64(at-p.start) / p.r.Speed * float64(time.Microsecond))
	ahead := due - time.Since(p.began)
	if ahead <= 0 {
		return ctx.Err()
	}
	if p.r.Wait != nil {
		return p.r.Wait(ctx, ahead)
	}
	timer := time.NewTimer(ahead)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
