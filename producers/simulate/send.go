package simulate

import (
	"context"

	"runrate/internal/event"
	"runrate/producers/publish"
)

// Sink takes encoded events in order. *publish.Publisher is one, and so is
// trace.NDJSON.
type Sink interface {
	SendTo(ctx context.Context, route publish.Route, value []byte) error
	Flush(ctx context.Context) error
}

// Send sends the whole history and waits until it is there. progress, if not
// nil, is called for each hour of it.
func (m *Model) Send(ctx context.Context, sink Sink, format Format, progress func()) error {
	var buf []byte
	for msg := range m.History() {
		if msg.Event.Type == event.ClockTicked {
			if progress != nil {
				progress()
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		buf = msg.Append(buf[:0], format)
		if err := sink.SendTo(ctx, msg.Route(), buf); err != nil {
			return err
		}
	}
	return sink.Flush(ctx)
}

// Discard makes the whole history without sending it.
func (m *Model) Discard(ctx context.Context) error {
	for msg := range m.History() {
		if msg.Event.Type == event.ClockTicked && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}
