package script

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/pricebook"
	"runrate/internal/stream"
)

// log is the records of one topic, of one partition, and which of them are ticks.
type log struct {
	records []stream.Record
	ticks   []bool
}

// read makes the logs of a script, by the kind of topic: control records go to both.
// The forms of a line:
//
//	tick TIME                 or FIRST..LAST every DURATION, both included
//	book NAME                 the file ../books/NAME.yaml beside the scripts
//	TIME ACCOUNT used PRODUCT[/SEGMENT[/REGION]] METER=COUNT[,METER=COUNT]
//	TIME ACCOUNT adjusted PRODUCT[/SEGMENT[/REGION]] AMOUNT CURRENCY [one-off]
//	TIME ACCOUNT SUBSCRIPTION LINE/PLAN STATUS QUANTITY x AMOUNT CURRENCY COUNT INTERVAL [DISCOUNT%]
//
// Each has an id of its own, unless it ends in id=ID.
func (s *Script) read(t *testing.T) map[stream.Kind]*log {
	t.Helper()
	if s.logs != nil {
		return s.logs
	}
	out := map[stream.Kind]*log{stream.Usage: {}, stream.Subscriptions: {}}
	for i, line := range s.sections["in"] {
		events, err := s.parse(strings.Fields(line))
		if err != nil {
			t.Fatalf("script %s: %q: %v", s.Name, line, err)
		}
		for _, e := range events {
			e.Source = "test"
			if e.ID == "" {
				e.ID = fmt.Sprint("line ", i)
			}
			for kind, l := range out {
				if kind.Holds(e.Type) {
					l.add(e)
				}
			}
		}
	}
	s.logs = out
	return out
}

func (l *log) add(e event.Event) {
	offset := stream.Offset(len(l.records))
	l.records = append(l.records, stream.Record{Offset: offset, Key: []byte(e.Account), Value: e.AppendJSON(nil)})
	l.ticks = append(l.ticks, e.Type == event.ClockTicked)
}

// parse reads the words of one line, which are one event or several ticks.
func (s *Script) parse(f []string) ([]event.Event, error) {
	switch f[0] {
	case "tick":
		return ticks(f[1:])
	case "book":
		book, err := s.book(f[len(f)-1])
		return []event.Event{{Type: event.PricebookPublished, PriceBook: book}}, err
	}
	e, err := data(f)
	return []event.Event{e}, err
}

// ticks reads "TIME" or "FIRST..LAST every DURATION".
func ticks(f []string) (out []event.Event, err error) {
	step := time.Duration(0)
	if len(f) == 3 && f[1] == "every" {
		if step, err = time.ParseDuration(f[2]); err != nil {
			return nil, err
		}
	} else if len(f) != 1 {
		return nil, fmt.Errorf("want a time, or a span and every how long")
	}
	span, err := span(f[0], event.Time(step.Microseconds()))
	for _, at := range span {
		out = append(out, event.Event{Type: event.ClockTicked, Time: at})
	}
	return out, err
}

// data reads an event that is no control record.
func data(f []string) (e event.Event, err error) {
	if own, ok := strings.CutPrefix(f[len(f)-1], "id="); ok {
		e.ID, f = own, f[:len(f)-1]
	}
	if len(f) < 5 {
		return e, fmt.Errorf("too few words")
	}
	e.Account = event.Account(f[1])
	if e.Time, err = Instant(f[0]); err != nil {
		return e, err
	}
	switch f[2] {
	case "used":
		e.Type = event.UsageRecorded
		e.Usage, err = used(f[3:])
	case "adjusted":
		e.Type = event.AdjustmentRecorded
		e.Adjustment, err = adjusted(f[3:])
	default:
		e.Type = event.SubscriptionChanged
		e.Subscription, err = changed(f[2:])
	}
	return e, err
}

func (s *Script) book(name string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(s.Dir, "..", "books", name+".yaml"))
	if err != nil {
		return nil, err
	}
	book, err := pricebook.Parse(text)
	if err != nil {
		return nil, err
	}
	return book.JSON(), nil
}

// used reads "PRODUCT[/SEGMENT[/REGION]] METER=COUNT[,METER=COUNT]".
func used(f []string) (*event.Usage, error) {
	if len(f) != 2 {
		return nil, fmt.Errorf("want a product and its quantities")
	}
	u := &event.Usage{}
	u.Product, u.Segment, u.Region = product(f[0])
	for q := range strings.SplitSeq(f[1], ",") {
		meter, count, _ := strings.Cut(q, "=")
		quantity := event.Quantity{Meter: meter}
		if _, err := fmt.Sscan(count, &quantity.Count); err != nil {
			return nil, fmt.Errorf("quantity %q: %w", q, err)
		}
		u.Quantities = append(u.Quantities, quantity)
	}
	return u, nil
}

// adjusted reads "PRODUCT[/SEGMENT[/REGION]] AMOUNT CURRENCY [one-off]".
func adjusted(f []string) (a *event.Adjustment, err error) {
	once := len(f) == 4 && f[3] == "one-off"
	if len(f) != 3 && !once {
		return nil, fmt.Errorf("want a product, an amount and a currency, and perhaps one-off")
	}
	a = &event.Adjustment{Currency: f[2], Reason: "test", OneOff: once}
	a.Product, a.Segment, a.Region = product(f[0])
	a.Amount, err = money.Parse(f[1])
	return a, err
}

func product(s string) (product, segment, region string) {
	product, segment, _ = strings.Cut(s, "/")
	segment, region, _ = strings.Cut(segment, "/")
	return product, segment, region
}

// changed reads "SUBSCRIPTION LINE/PLAN STATUS QUANTITY x AMOUNT CURRENCY COUNT INTERVAL [DISCOUNT%]".
func changed(f []string) (*event.Subscription, error) {
	if len(f) < 9 || len(f) > 10 {
		return nil, fmt.Errorf("want a subscription, its plan, status, quantity, amount and interval")
	}
	line, plan, _ := strings.Cut(f[1], "/")
	status, ok := event.ParseStatus(f[2])
	interval, ok2 := event.ParseInterval(f[8])
	if !ok || !ok2 {
		return nil, fmt.Errorf("status %q, interval %q", f[2], f[8])
	}
	s := &event.Subscription{ID: f[0], Line: line, Plan: plan, Status: status, Currency: f[6], Interval: interval}
	var err error
	if s.UnitAmount, err = money.Parse(f[5]); err != nil {
		return nil, err
	}
	if _, err := fmt.Sscan(f[3]+" "+f[7], &s.Quantity, &s.IntervalCount); err != nil {
		return nil, err
	}
	if len(f) == 10 {
		s.Discount, err = money.ParsePercent(strings.TrimSuffix(f[9], "%"))
	}
	return s, err
}

// span reads "TIME" or "FIRST..LAST", which are all instants from the first to the
// last, a step apart.
func span(s string, step event.Time) ([]event.Time, error) {
	from, to, many := strings.Cut(s, "..")
	first, err := Instant(from)
	if err != nil || !many {
		return []event.Time{first}, err
	}
	last, err := Instant(to)
	if err != nil {
		return nil, err
	}
	if step <= 0 || last < first || (last-first)%step != 0 {
		return nil, fmt.Errorf("no steps of %d microseconds lead from %s to %s", step, first, last)
	}
	var all []event.Time
	for at := first; at <= last; at += step {
		all = append(all, at)
	}
	return all, nil
}

// Instant reads a time as scripts write it, RFC 3339.
func Instant(s string) (event.Time, error) {
	v, err := time.Parse(time.RFC3339Nano, s)
	return event.TimeOf(v), err
}
