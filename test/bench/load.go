package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
)

// Form is how events are encoded.
type Form string

// The forms of an event.
const (
	JSON     Form = "json"
	Protobuf Form = "protobuf"
)

func (f Form) encode(e *event.Event) ([]byte, error) {
	if f == Protobuf {
		return e.AppendProto(nil)
	}
	return e.AppendJSON(nil), nil
}

// Load are the events of a run: the same ones for the same load.
type Load struct {
	Form     Form
	Events   int
	Accounts int
	Late     float64 // share of events that are late, evenly over 30 days
	Delayed  bool    // late by hours: exponentially, 2 on average, one in a hundred up to 30 days
	Once     bool    // each account has one event
	History  int     // days, before the first event, on which each key had one
}

// start is the time of the first event that is not late or of the history, at an hour,
// and span how long they take on the pipeline's clock, which ticks every tickEvery.
const (
	start     = event.Time(1_780_315_200) * event.Second // 2026-06-01T12:00:00Z
	span      = 3 * event.Hour
	tickEvery = 10 * event.Second
)

// The keys of the events: 12 products in 3 lines, 3 segments, 4 regions.
var (
	segments = []string{"enterprise", "business", "developer"}
	regions  = []string{"eu-central", "us-east", "us-west", "ap-south"}
	keys     = len(products) * len(segments) * len(regions)
)

// product is one of the price book; prices are in cents for a million.
type product struct {
	name, line               string
	in, out, inCost, outCost uint64
}

var products = func() (all [12]product) {
	lines := []string{"api-platform", "chat", "assistants"}
	for i := range all {
		n := uint64(i)
		all[i] = product{fmt.Sprintf("model-%02d", i), lines[i%len(lines)], 100 + 37*n, 400 + 91*n, 30 + 11*n, 120 + 23*n}
	}
	return all
}()

// book is the price book as JSON.
func book() []byte {
	var all []string
	price := func(meter string, price, cost uint64) string {
		return fmt.Sprintf(`%q:[{"effective_from":"2020-01-01T00:00:00Z","unit":1000000,"price":"%d.%02d","cost":"%d.%02d"}]`,
			meter, price/100, price%100, cost/100, cost%100)
	}
	for _, p := range products {
		all = append(all, fmt.Sprintf(`{"product":%q,"line":%q,"meters":{%s,%s}}`, p.name, p.line,
			price("input_tokens", p.in, p.inCost), price("output_tokens", p.out, p.outCost)))
	}
	return []byte(`{"version":"bench","currency":"USD","products":[` + strings.Join(all, ",") + `]}`)
}

// yieldEvent is given the events, one by one.
type yieldEvent = func(event.Event) error

// source makes events.
type source struct {
	load   Load
	random *rand.Rand
	made   int
}

func newSource(l Load) *source {
	return &source{load: l, random: rand.New(rand.NewPCG(1, 2))}
}

// next is the next usage event, at the given time.
func (s *source) next(at event.Time) event.Event {
	r := s.random
	s.made++
	n := r.IntN(keys)
	e := s.of(n, at)
	account := r.IntN(s.load.Accounts)
	if s.load.Once {
		account = s.made % s.load.Accounts
	}
	e.Account = event.Account(fmt.Sprintf("acct_%07d", account))
	return e
}

// of is an event of a key.
func (s *source) of(key int, at event.Time) event.Event {
	r := s.random
	p := &products[key%len(products)]
	key /= len(products)
	return event.Event{
		Type: event.UsageRecorded, Source: "api-gateway/eu-1", ID: fmt.Sprintf("01JD8%021d", s.made), Time: at,
		Account: event.Account(fmt.Sprintf("acct_%07d", key%s.load.Accounts)),
		Usage: &event.Usage{Product: p.name, Segment: segments[key%len(segments)], Region: regions[key/len(segments)%len(regions)],
			Quantities: []event.Quantity{{Meter: "input_tokens", Count: 1 + uint64(r.IntN(8000))}, {Meter: "output_tokens", Count: 1 + uint64(r.IntN(2000))}}},
	}
}

// control is a control record of the pipeline.
func control(e event.Event, n int) event.Event {
	e.Source, e.ID = "bench", fmt.Sprintf("control-%d", n)
	return e
}

// history yields the events before start: each key once a day, and a tick a day.
func (s *source) history(yield yieldEvent) error {
	first := start - event.Time(s.load.History)*event.Day - event.Hour
	before := []event.Event{{Type: event.PricebookPublished, Time: first, PriceBook: book()}, {Type: event.ClockTicked, Time: first, Jump: true}}
	for i, e := range before {
		if err := yield(control(e, i)); err != nil {
			return err
		}
	}
	for d := range s.load.History {
		at := first + event.Time(d+1)*event.Day
		for k := range keys {
			s.made++
			if err := yield(s.of(k, at-event.Hour)); err != nil {
				return err
			}
		}
		if err := yield(control(event.Event{Type: event.ClockTicked, Time: at}, 1000+d)); err != nil {
			return err
		}
	}
	return yield(control(event.Event{Type: event.ClockTicked, Time: start, Jump: true}, 2))
}

// events yields the events to be measured, with the clock among them.
func (s *source) events(yield yieldEvent) error {
	clock, n := start, s.load.Events
	for i := range n {
		now := start + event.Time(float64(span)*float64(i)/float64(n))
		if now >= clock+tickEvery {
			clock += tickEvery
			if err := yield(control(event.Event{Type: event.ClockTicked, Time: clock}, 10_000+i)); err != nil {
				return err
			}
		}
		if err := yield(s.next(now - s.behind(30*event.Day))); err != nil {
			return err
		}
	}
	// Two hours on, so that the last hour closes, and its windows.
	return yield(control(event.Event{Type: event.ClockTicked, Time: start + span + event.Hour}, 9_999))
}

// behind is how late the next event is: not at all, or anything up to most.
func (s *source) behind(most event.Time) event.Time {
	if s.random.Float64() >= s.load.Late {
		return 0
	}
	if s.load.Delayed && s.random.IntN(100) > 0 {
		return min(event.Time(s.random.ExpFloat64()*2*float64(event.Hour)), most)
	}
	return event.Time(s.random.Int64N(int64(most)))
}

// appender places events on their partitions, batch by batch.
type appender struct {
	client     *broker.Client
	form       Form
	partitions int32
	pending    [][]broker.Message
	ends       map[int32]stream.Offset
}

// perBatch is how many records are appended at a time.
const perBatch = 2_000

func newAppender(client *broker.Client, form Form, partitions int32) *appender {
	return &appender{client: client, form: form, partitions: partitions, pending: make([][]broker.Message, partitions), ends: map[int32]stream.Offset{}}
}

// place says which partitions an event belongs on, and encodes it.
func (a *appender) put(ctx context.Context, e event.Event) error {
	value, err := a.form.encode(&e)
	if err != nil {
		return err
	}
	if e.Type.Control() {
		for p := range a.partitions {
			if err := a.add(ctx, p, broker.Message{Value: value}); err != nil {
				return err
			}
		}
		return nil
	}
	key := []byte(e.Account)
	return a.add(ctx, stream.Partition(key, a.partitions), broker.Message{Key: key, Value: value})
}

func (a *appender) add(ctx context.Context, p int32, m broker.Message) error {
	a.pending[p] = append(a.pending[p], m)
	if len(a.pending[p]) < perBatch {
		return nil
	}
	return a.flush(ctx, p)
}

// flush appends what is pending for a partition.
func (a *appender) flush(ctx context.Context, p int32) error {
	if len(a.pending[p]) == 0 {
		return nil
	}
	base, err := a.client.Append(ctx, stream.Usage.Topic(), p, a.pending[p])
	if err != nil {
		return err
	}
	a.ends[p] = base + stream.Offset(len(a.pending[p]))
	a.pending[p] = a.pending[p][:0]
	return nil
}

// all appends what is pending everywhere.
func (a *appender) all(ctx context.Context) error {
	for p := range a.partitions {
		if err := a.flush(ctx, p); err != nil {
			return err
		}
	}
	return nil
}
