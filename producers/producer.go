package producers

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
	"runrate/internal/w3c"
	"runrate/producers/publish"
)

// Options set up a Producer. Only Brokers is required.
type Options struct {
	Brokers []string // host:port; any of them leads to the rest

	// What the topics are called in Kafka; runrate.usage and runrate.subscriptions by default.
	UsageTopic, SubscriptionsTopic string

	TLS           bool
	TLSCAFile     string // PEM; the system's authorities by default
	TLSCertFile   string // PEM client certificate; needs TLSKeyFile
	TLSKeyFile    string // PEM
	TLSServerName string // name to verify; the host that is dialed by default
	SASLMechanism string // "", PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512
	SASLUsername  string
	SASLPassword  string

	// Memory bounds the bytes of the events that are not acknowledged; 16 MiB by default.
	Memory int
	// Linger is how long an event waits for others to share its request; 20 ms by default.
	Linger time.Duration

	// Result, if not nil, is called once for each event that was taken, from any
	// goroutine, when it is acknowledged or can never be. It must not call the Producer.
	Result func(Result)
	// Observe, if not nil, is told of each change of what is under way: a metrics hook.
	// It must not call the Producer.
	Observe func(Stats)

	Log *zap.Logger // retries, at level warn; none by default
}

// Result is what became of an event.
type Result struct {
	Event     Event
	Topic     string
	Partition int32
	Offset    int64
	Err       error // nil: all in-sync replicas have it
}

// Stats are counts since a Producer was opened.
type Stats struct {
	Taken        int64 // events that Emit and TryEmit took
	Acknowledged int64
	Failed       int64 // events that can never be sent; each is in a Result
	Full         int64 // times that there was no room
	Waiting      int64 // events now under way
	Bytes        int64 // theirs
}

// Errors of Emit and TryEmit; the event was not taken.
var (
	ErrFull   = errors.New("no room: events are made faster than Kafka acknowledges them, or it is away; wait by Emit, or raise Options.Memory")
	ErrClosed = errors.New("the producer is closed")
)

// Producer sends events to Kafka: Protobuf, by murmur2 of the account, acknowledged by
// all in-sync replicas. While Kafka is away it tries again, for ever. All its methods may
// be called from many goroutines.
type Producer struct {
	options   Options
	client    *broker.Client
	publisher *publish.Publisher

	mu     sync.Mutex
	room   chan struct{} // closed, and made anew, when there may be room
	closed bool
	next   uint64
	under  map[uint64]waiting // by the order in which they were taken
	stats  Stats
}

// waiting is an event under way.
type waiting struct {
	event Event
	size  int
}

// eventOverhead bounds what an event takes beside its bytes.
const eventOverhead = 256

// Open connects to Kafka, which must be there and have the topics.
func Open(ctx context.Context, options Options) (*Producer, error) {
	if options.Memory <= 0 {
		options.Memory = 16 << 20
	}
	if options.Linger <= 0 {
		options.Linger = 20 * time.Millisecond
	}
	client, err := broker.Open(broker.Config{
		Brokers: options.Brokers, ClientID: "runrate-sdk",
		Topics: stream.Names{}.With(stream.Usage, options.UsageTopic).With(stream.Subscriptions, options.SubscriptionsTopic),
		TLS:    options.TLS, TLSCAFile: options.TLSCAFile, TLSCertFile: options.TLSCertFile, TLSKeyFile: options.TLSKeyFile, TLSServerName: options.TLSServerName,
		SASLMechanism: options.SASLMechanism, SASLUsername: options.SASLUsername, SASLPassword: options.SASLPassword,
	})
	if err != nil {
		return nil, fmt.Errorf("open a producer: %w", err)
	}
	p := &Producer{options: options, client: client, room: make(chan struct{}), under: map[uint64]waiting{}}
	p.publisher, err = publish.New(ctx, client, publish.Options{
		Memory: math.MaxInt, Linger: options.Linger, RetryFor: math.MaxInt64, Result: p.result, Log: options.Log,
	})
	if err != nil {
		client.Close()
		return nil, fmt.Errorf("open a producer: %w", err)
	}
	return p, nil
}

// Emit takes an event, and waits for room while there is none. After an error it was not
// taken. That it was taken does not mean that Kafka has it: see Result, Flush and Close.
// The trace that ctx is in (OpenTelemetry) goes along in the record's headers.
func (p *Producer) Emit(ctx context.Context, e Event) error {
	trace := w3c.Headers(ctx)
	for {
		p.mu.Lock()
		room := p.room
		p.mu.Unlock()
		err := p.take(e, trace)
		if !errors.Is(err, ErrFull) {
			return err
		}
		select {
		case <-room:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrFull, ctx.Err())
		}
	}
}

// TryEmit takes an event, or returns ErrFull at once where there is no room.
func (p *Producer) TryEmit(e Event) error { return p.take(e, nil) }

// take takes an event, with headers of its record.
func (p *Producer) take(e Event, headers []event.Header) error {
	value, err := e.event.AppendProto(nil)
	if err != nil {
		return fmt.Errorf("emit: it is no event, or the zero one: %w", err)
	}
	size := len(value) + eventOverhead
	for _, h := range headers {
		size += len(h.Name) + len(h.Value)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return ErrClosed
	case size > p.options.Memory:
		return &Refusal{string(event.Invalid), fmt.Sprintf("the event takes %d bytes, more than Options.Memory, which is %d: split it, or raise that", size, p.options.Memory)}
	case p.stats.Bytes+int64(size) > int64(p.options.Memory):
		p.stats.Full++
		p.observe()
		return ErrFull
	}
	tag := p.next + 1
	// It may be told of before this returns: that waits for p.mu.
	if err := p.publisher.SendTagged(publish.Route{Type: e.event.Type, Subject: string(e.event.Account)}, headers, value, tag); err != nil {
		return fmt.Errorf("emit: %w", err)
	}
	p.next = tag
	p.under[tag] = waiting{e, size}
	p.stats.Taken++
	p.stats.Waiting++
	p.stats.Bytes += int64(size)
	p.observe()
	return nil
}

// result is told what became of the event with a tag.
func (p *Producer) result(tag uint64, at stream.Place, err error) {
	p.mu.Lock()
	w := p.under[tag]
	delete(p.under, tag)
	p.stats.Waiting--
	p.stats.Bytes -= int64(w.size)
	if err == nil {
		p.stats.Acknowledged++
	} else {
		p.stats.Failed++
	}
	close(p.room)
	p.room = make(chan struct{})
	p.observe()
	p.mu.Unlock()
	if p.options.Result != nil {
		r := Result{Event: w.event, Topic: at.Topic.String(), Partition: at.Partition, Offset: int64(at.Offset)}
		if refusal, ok := errors.AsType[*event.Refusal](err); ok {
			r.Err = &Refusal{string(refusal.Reason), refusal.Detail}
		} else {
			r.Err = err
		}
		p.options.Result(r)
	}
}

// observe is called with p.mu held.
func (p *Producer) observe() {
	if p.options.Observe != nil {
		p.options.Observe(p.stats)
	}
}

// Stats are the counts up to now.
func (p *Producer) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

// Flush returns when every event taken before is acknowledged, or can never be. The
// error is the context's, or that of a topic that cannot be written to any more, after
// which nothing is taken.
func (p *Producer) Flush(ctx context.Context) error {
	if err := p.publisher.Flush(ctx); err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	return nil
}

// Close takes no more events, sends what was taken until ctx ends, and returns what
// is not acknowledged by then, in the order in which it was taken: keep it, and emit it
// again unchanged. Some of it may be in Kafka all the same, and counts once. The error is
// nil if nothing is returned.
func (p *Producer) Close(ctx context.Context) (unsent []Event, err error) {
	p.mu.Lock()
	again := p.closed
	p.closed = true
	close(p.room) // who waits for room learns that it is closed
	p.room = make(chan struct{})
	p.mu.Unlock()
	if again {
		return nil, ErrClosed
	}
	err = p.publisher.Flush(ctx)
	p.publisher.Close()
	p.client.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	tags := make([]uint64, 0, len(p.under))
	for tag := range p.under {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	for _, tag := range tags {
		unsent = append(unsent, p.under[tag].event)
	}
	if len(unsent) == 0 {
		return nil, nil
	}
	if err == nil {
		err = errors.New("it was cut off")
	}
	return unsent, fmt.Errorf("close: %d events are not acknowledged: %w", len(unsent), err)
}
