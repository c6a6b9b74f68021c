package fold

import (
	"fmt"

	"runrate/consumers/intake"
	"runrate/internal/event"
	"runrate/internal/fx"
	"runrate/internal/pricebook"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// Gap is a part of the log that is lost and was given up: From <= offset < To.
// It is a step of the fold like a record, wherever the log is cut.
type Gap struct {
	From, To stream.Offset
	InForce  []rows.Control // at To, as far as it is known
}

// Lose takes the gaps that begin at the next offset, and returns how many records
// they come to. What comes before them can then no more be looked at.
func (p *Partition) Lose() (lost int64, err error) {
	p.mustBeOpen()
	for len(p.gaps) > 0 && p.gaps[0].From <= p.Next() {
		gap := p.gaps[0]
		p.gaps = p.gaps[1:]
		if gap.From < p.Next() {
			continue // of a state that it is in already
		}
		if err := p.lose(gap); err != nil {
			return lost, fmt.Errorf("fold %s over the gap %d to %d: %w", p.source, gap.From, gap.To, err)
		}
		lost += int64(gap.To - gap.From)
	}
	return lost, nil
}

func (p *Partition) lose(gap Gap) error {
	p.gate.Lose(gap.To)
	p.last = Mark{}
	for _, c := range gap.InForce {
		switch c.Kind {
		case rows.ClockSet:
			p.gate.SetClock(c.Time, gap.To-1, c.Recorded)
		case rows.BookSet:
			book, err := pricebook.Parse([]byte(c.Payload))
			if err != nil {
				return fmt.Errorf("the price book in force at its end: %w", err)
			}
			p.state.Control(&intake.Judged{
				Record: stream.Record{Offset: gap.To - 1, Time: int64(c.Recorded)},
				Event:  event.Event{Type: event.PricebookPublished, Time: c.Time}, Book: book,
			})
		case rows.RatesSet:
			set, err := fx.Parse([]byte(c.Payload))
			if err != nil {
				return fmt.Errorf("the exchange rates in force at its end: %w", err)
			}
			p.state.Control(&intake.Judged{
				Record: stream.Record{Offset: gap.To - 1, Time: int64(c.Recorded)},
				Event:  event.Event{Type: event.RatesPublished, Time: c.Time}, Rates: set,
			})
		default:
			return fmt.Errorf("%q is in force at its end, which this program does not know", c.Kind)
		}
	}
	return nil
}

// NotControl says that a record that is to be left out is no control record: an
// event is mended by an adjustment, not by leaving it out.
type NotControl struct {
	Place stream.Place
	What  string // it is
}

func (e *NotControl) Error() string {
	return fmt.Sprintf("%s is no control record but %s, and only a tick, a price book or a set of rates can be left out: "+
		"find the right one in the view control_records (topic, partition, offset), and name it in `runrate rebuild --without`, with --with-all if this one was named before", e.Place, e.What)
}

// leaveOut is the record of an exclusion, to be skipped.
func (p *Partition) leaveOut(j *intake.Judged) (intake.Judged, error) {
	r := j.Record
	if what := otherThanControl(j); what != "" {
		return *j, &NotControl{stream.Place{Source: p.source, Offset: r.Offset}, what}
	}
	r.Skipped = true
	return intake.Judged{Record: r}, nil
}

// otherThanControl names what a record is that is no control record, else "".
func otherThanControl(j *intake.Judged) string {
	switch {
	case j.Record.Skipped:
		return "a transaction marker, or of an aborted transaction"
	case j.Refusal != nil:
		return "refused (" + string(j.Refusal.Reason) + ")"
	case !j.Event.Type.Control():
		return fmt.Sprintf("%s of account %.80q", j.Event.Type, string(j.Event.Account))
	}
	return ""
}
