// Package trace replays traces of real LLM API calls as usage events: one CSV
// per product with the columns TIMESTAMP,ContextTokens,GeneratedTokens.
//
// Start at Replay. The events are a function of the files and the settings
// alone: a second run sends the same events, which are then duplicates.
package trace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"runrate/internal/event"
	"runrate/internal/pricebook"
	"runrate/producers/publish"
)

// Source begins the CloudEvents source of all events of a replay.
const Source = "runrate/replay-trace"

// Sink takes encoded events in order. *publish.Publisher is one.
type Sink interface {
	SendTo(ctx context.Context, route publish.Route, value []byte) error
	Flush(ctx context.Context) error
}

// Replay says what is replayed and when it happens.
type Replay struct {
	Inputs   []Input
	Accounts int             // see CustomerOf; at least 1
	Shift    event.Time      // added to the trace's own times
	Repeat   int             // how often the trace is played, at least 1
	Every    event.Time      // from one playing's start to the next; 0: Summary.Span
	Speed    float64         // event time per wall time; 0: as fast as possible
	Book     *pricebook.Book // published first; nil: none
	Tick     event.Time      // event time between clock ticks, up to MaxTick; 0: no ticks

	// Wait sleeps; default: until the time is over or ctx ends.
	Wait func(ctx context.Context, d time.Duration) error
}

// MaxTick is how far an event may be ahead of the clock.
const MaxTick = 5 * event.Minute

// check finds what is wrong with the settings before anything is sent.
func (r Replay) check(s Summary) error {
	switch {
	case r.Accounts < 1 || r.Accounts > 99_999:
		return fmt.Errorf("%d accounts: must be 1 to 99,999", r.Accounts)
	case r.Repeat < 1:
		return fmt.Errorf("repeat %d times: must be 1 or more", r.Repeat)
	case r.Every < 0:
		return errors.New("a repetition cannot start before the one it follows")
	case r.Speed < 0 || r.Speed != r.Speed:
		return fmt.Errorf("speed %v: must be above 0, or 0 for as fast as possible", r.Speed)
	case r.Tick < 0 || r.Tick > MaxTick:
		return fmt.Errorf("a tick every %s: must be 5m at most, or the events would be ahead of the clock", time.Duration(r.Tick)*time.Microsecond)
	}
	first := s.First + r.Shift
	if first < event.MinTime || s.Last+r.Shift+event.Time(r.Repeat)*r.every(s) >= event.MaxTime-event.Day {
		return fmt.Errorf("the trace would begin at %s and is out of the range 1970 to 2100", first)
	}
	if r.Book == nil {
		return nil
	}
	for _, in := range r.Inputs {
		p, ok := r.Book.Product(in.Product)
		if !ok {
			return fmt.Errorf("price book %q has no product %s, of %s: its events would be refused", r.Book.Version, in.Product, in.Name)
		}
		for _, meter := range []string{"input_tokens", "output_tokens"} {
			if _, ok := p.Price(meter, first); !ok {
				return fmt.Errorf("price book %q has no price for %s of %s at %s: its events would be refused; move the trace or use another book",
					r.Book.Version, meter, in.Product, first)
			}
		}
	}
	return nil
}

func (r Replay) every(s Summary) event.Time {
	if r.Every > 0 {
		return r.Every
	}
	return s.Span()
}

// Run sends the price book, then the calls in the order of time with the ticks
// between them, then ticks that close the last hour and the last day, and
// flushes.
func (r Replay) Run(ctx context.Context, s Summary, sink Sink) error {
	if err := r.check(s); err != nil {
		return err
	}
	out := &player{r: r, sink: sink, began: time.Now(), start: s.First + r.Shift}
	if r.Book != nil {
		book := event.Event{Type: event.PricebookPublished, Source: Source, ID: "pricebook-" + r.Book.Version, Time: out.start, PriceBook: r.Book.JSON()}
		if err := out.send(ctx, book); err != nil {
			return err
		}
	}
	for round := range r.Repeat {
		shift := r.Shift + event.Time(round)*r.every(s)
		err := merged(r.Inputs, func(in Input, row Row) error {
			at := row.Time + shift
			if err := out.clockUpTo(ctx, at); err != nil {
				return err
			}
			if err := out.pace(ctx, at); err != nil {
				return err
			}
			return out.send(ctx, call(in, row, at, round, r.Accounts))
		})
		if err != nil {
			return err
		}
	}
	if err := out.closeLast(ctx, s.Last+r.Shift+event.Time(r.Repeat-1)*r.every(s)); err != nil {
		return err
	}
	return sink.Flush(ctx)
}

// call is the event of one row. Its id is the file's name and the row's number,
// and the round from the second on.
func call(in Input, row Row, at event.Time, round, accounts int) event.Event {
	c := CustomerOf(in.Name, row.Number, accounts)
	id := fmt.Sprintf("%s-%d", in.Name, row.Number)
	if round > 0 {
		id = fmt.Sprintf("%s-r%d", id, round+1)
	}
	return event.Event{
		Type: event.UsageRecorded, Source: Source + "/" + in.Name, ID: id, Account: c.Account, Time: at,
		Usage: &event.Usage{
			Product: in.Product, Segment: c.Segment, Region: c.Region,
			Quantities: []event.Quantity{{Meter: "input_tokens", Count: row.Input}, {Meter: "output_tokens", Count: row.Output}},
		},
	}
}
