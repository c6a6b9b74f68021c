// Package publish sends events to Kafka: routed by type, placed by account,
// control events copied to every partition of both topics, acknowledged by all
// in-sync replicas, and in the order given within each partition.
//
// Start at Publisher, then Lines for a file of them. It judges only what it
// needs for routing; what is wrong with an event otherwise is the consumer's to
// refuse, on record. A batch whose fate is unknown is sent again, so that an
// event may be in the log twice: consumers know it by its identity.
package publish

import (
	"context"
	"errors"
	"sync"

	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
)

// Publisher sends events. One goroutine calls its methods; the sending itself
// goes on in parallel, one request per partition at a time.
type Publisher struct {
	client  *broker.Client
	options Options
	log     *zap.Logger
	lanes   map[stream.Kind][]*lane // of the kind's topic; the index is the partition
	router  router
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex
	progress *sync.Cond // a batch is done, or the publisher failed
	pending  int        // bytes sealed or open, not yet acknowledged
	failed   error      // the first error of a lane; nothing is sent after it
	report   Report

	rejectedControl map[int64]bool // lines
}

// New looks up both topics and starts a publisher. Close it.
func New(ctx context.Context, client *broker.Client, options Options) (*Publisher, error) {
	p := &Publisher{client: client, options: options.withDefaults(), lanes: make(map[stream.Kind][]*lane), rejectedControl: make(map[int64]bool)}
	p.log = p.options.Log
	p.progress = sync.NewCond(&p.mu)
	p.report = newReport(client.Config().Topics)
	for _, topic := range stream.Inputs() {
		n, err := client.Partitions(ctx, topic)
		if err != nil {
			return nil, err
		}
		for i := range n {
			source := stream.Source{Topic: topic, Partition: i}
			p.lanes[topic.Kind()] = append(p.lanes[topic.Kind()], &lane{
				p: p, source: source, log: p.log.With(zap.Stringer("partition", source)), wake: make(chan struct{}, 1),
			})
			p.report.copies++
		}
	}
	run, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	for _, lanes := range p.lanes {
		for _, l := range lanes {
			p.running.Go(func() { l.run(run) })
		}
	}
	p.running.Go(func() { p.linger(run) })
	return p, nil
}

// Send routes a JSON event and queues its bytes, which it copies. It blocks
// while Memory is full. line is the number to report it under, 0 for none. An
// event that cannot be routed is reported and is no error; the error is the
// context's, or that of a partition that cannot be written to any more.
func (p *Publisher) Send(ctx context.Context, line int64, value []byte) error {
	if len(value) > p.options.MaxRecord {
		p.reject(line, value, p.tooLong(int64(len(value))))
		return p.err()
	}
	route, refusal := p.router.route(value)
	if refusal != nil {
		p.reject(line, value, refusal)
		return p.err()
	}
	if route.Type == event.ClockTicked {
		p.look(line, value)
	}
	return p.queue(ctx, item{route: route, line: line, value: value})
}

// SendTo queues an event that is encoded already (JSON or Protobuf) and whose
// route is known. It copies value.
func (p *Publisher) SendTo(ctx context.Context, route Route, value []byte) error {
	return p.SendRecord(ctx, route, nil, value)
}

// SendRecord is SendTo of a record with headers. It keeps them until it is sent.
func (p *Publisher) SendRecord(ctx context.Context, route Route, headers []event.Header, value []byte) error {
	if len(value) > p.options.MaxRecord {
		p.reject(0, value, p.tooLong(int64(len(value))))
		return p.err()
	}
	return p.queue(ctx, item{route: route, headers: headers, value: value})
}

// SendTagged is SendTo for many goroutines, of an event that is about an account:
// Options.Result is told its tag, which is not 0. It never waits: the caller bounds what
// is under way, below Memory.
func (p *Publisher) SendTagged(route Route, headers []event.Header, value []byte, tag uint64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == nil {
		p.enqueue(item{route: route, headers: headers, value: value, tag: tag})
	}
	return p.failed
}

// Flush returns when everything queued is acknowledged or reported.
func (p *Publisher) Flush(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wait(ctx, 0)
}

// Close stops sending; what is not flushed is lost. The report stays.
func (p *Publisher) Close() {
	p.cancel()
	p.running.Wait()
}

// Report is what was sent and what could not be, up to now.
func (p *Publisher) Report() Report {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.report.clone()
}

func (p *Publisher) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

// done is called by a lane for each batch. After an error the lane's later
// batches must not go out: they would come before what is lost.
func (p *Publisher) done(l *lane, b *batch, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending -= b.size
	if err != nil && !errors.Is(err, context.Canceled) && p.failed == nil {
		p.failed = err
	}
	if p.failed != nil {
		p.cancel()
	}
	p.progress.Broadcast()
}

func (p *Publisher) acknowledged(topic stream.Topic, types []event.Type) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.report.add(topic, types)
}
