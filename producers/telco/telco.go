// Package telco replays a file of subscriptions as subscription.changed events:
// a CSV with one customer a row and the columns customerID, tenure, Contract,
// MonthlyCharges and Churn, as in the Telco Customer Churn data set.
//
// Start at Replay. The file says where each customer stands at one instant, its
// end. The rule that makes a history of it:
//
//   - a customer starts tenure months before the end, at MonthlyCharges a month,
//     on the plan that its contract is called: month-to-month, one-year, two-year;
//   - one of tenure 0 starts in the last microsecond before the end, so that it
//     counts as of the end like the others;
//   - one that churned cancels at the end.
//
// So the MRR as of the end is the sum of all MonthlyCharges, and an hour later
// that sum less the churned ones'.
//
// The events are a function of the file and the end alone: a second run sends
// the same events, which are then duplicates.
package telco

import (
	"context"
	"fmt"
	"time"

	"runrate/internal/event"
	"runrate/producers/publish"
)

// Source begins the CloudEvents source of all events of a replay.
const Source = "runrate/replay-subscriptions"

// What the file does not tell and every subscription has. One segment and one
// region keep the keys of the view mrr few, as six years of hours come to
// 50,000 rows for each key and partition.
const (
	Line     = "telco"
	Segment  = "consumer"
	Region   = "us"
	Currency = "USD"
)

// DefaultEnd is 2026-06-01T00:00:00Z, before the other histories of this
// project begin: the pipeline's clock only moves forward.
const DefaultEnd event.Time = 1_780_272_000 * event.Second

// Sink takes encoded events in order. *publish.Publisher is one.
type Sink interface {
	SendTo(ctx context.Context, route publish.Route, value []byte) error
	Flush(ctx context.Context) error
}

// Replay says what is replayed and when it ends.
type Replay struct {
	File File
	End  event.Time
}

// Run sends the events in the order of time, with a tick for each midnight
// between them, the changes of an instant behind a tick of that instant, and at
// the end the tick of the next midnight, which closes the last windows; then it
// flushes.
func (r Replay) Run(ctx context.Context, sink Sink) error {
	longest := r.File.longest()
	if first := r.start(longest); first < event.MinTime || r.End >= event.MaxTime-event.Day {
		return fmt.Errorf("%s would begin at %s and end at %s, out of the range 1970 to 2100", r.File.Name, first, r.End)
	}
	p := &player{r: r, sink: sink}
	for tenure := longest; tenure >= 0; tenure-- {
		at := r.start(tenure)
		if err := p.clockUpTo(ctx, at); err != nil {
			return err
		}
		for _, c := range r.File.Customers {
			if c.Tenure != tenure {
				continue
			}
			if err := p.change(ctx, c, at, event.Active); err != nil {
				return err
			}
		}
	}
	if err := p.clockUpTo(ctx, r.End); err != nil {
		return err
	}
	for _, c := range r.File.Customers {
		if !c.Churned {
			continue
		}
		if err := p.change(ctx, c, r.End, event.Canceled); err != nil {
			return err
		}
	}
	if err := p.clockUpTo(ctx, r.Last()); err != nil {
		return err
	}
	return sink.Flush(ctx)
}

// Last is where the clock stands after a replay: the first midnight after the
// end.
func (r Replay) Last() event.Time { return r.End/event.Day*event.Day + event.Day }

// start is the instant at which customers of a tenure in months start. In a
// month that is too short for the end's day, it is the month's last day.
func (r Replay) start(tenure int) event.Time {
	if tenure == 0 {
		return r.End - 1
	}
	end := r.End.UTC()
	month := time.Date(end.Year(), end.Month()-time.Month(tenure), 1, 0, 0, 0, 0, time.UTC)
	day := min(end.Day(), month.AddDate(0, 1, -1).Day())
	return event.TimeOf(month.AddDate(0, 0, day-1)) + r.End%event.Day
}
