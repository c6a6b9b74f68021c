package publish

import (
	"context"
	"time"

	"runrate/internal/event"
	"runrate/internal/stream"
)

// queue copies an event into the open batches of its partitions, and waits
// while Memory is full.
func (p *Publisher) queue(ctx context.Context, i item) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.enqueue(i)
	if p.pending < p.options.Memory && p.failed == nil {
		return nil
	}
	return p.wait(ctx, p.options.Memory/2)
}

// item is an event on its way into the batches.
type item struct {
	route   Route
	line    int64  // of the file, 0 for none
	tag     uint64 // for Options.Result, 0 for none
	headers []event.Header
	value   []byte
}

// enqueue copies an event into the open batches of its partitions. p.mu is held.
func (p *Publisher) enqueue(i item) {
	if home, ok := stream.Home(i.route.Type); ok {
		lanes, key := p.lanes[home], []byte(i.route.Subject)
		p.add(lanes[stream.Partition(key, int32(len(lanes)))], key, true, i)
		return
	}
	for _, k := range stream.Kinds() { // a control event
		for _, l := range p.lanes[k] {
			p.add(l, nil, false, i)
		}
	}
}

func (p *Publisher) add(l *lane, key []byte, keyed bool, i item) {
	size := len(key) + len(i.value) + sizeOf(i.headers) + recordOverhead
	if l.open != nil && l.open.size+size > p.options.BatchBytes {
		p.seal(l)
	}
	if l.open == nil {
		l.open = &batch{}
	}
	l.open.add(key, keyed, i)
	p.pending += size
	if l.open.size >= p.options.BatchBytes {
		p.seal(l)
	}
}

// seal hands the open batch to the lane.
func (p *Publisher) seal(l *lane) {
	if l.open == nil {
		return
	}
	l.queue = append(l.queue, l.open)
	l.open = nil
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (p *Publisher) sealAll() {
	for _, lanes := range p.lanes {
		for _, l := range lanes {
			p.seal(l)
		}
	}
}

// wait seals every batch and waits until no more than limit bytes are pending.
// p.mu is held.
func (p *Publisher) wait(ctx context.Context, limit int) error {
	stop := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.progress.Broadcast()
	})
	defer stop()
	p.sealAll()
	for p.pending > limit && p.failed == nil && ctx.Err() == nil {
		p.progress.Wait()
	}
	if p.failed != nil {
		return p.failed
	}
	if p.pending > limit {
		return ctx.Err()
	}
	return nil
}

// linger seals what waits, so that a slow input is sent all the same.
func (p *Publisher) linger(ctx context.Context) {
	tick := time.NewTicker(p.options.Linger)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.mu.Lock()
			p.sealAll()
			p.mu.Unlock()
		case <-ctx.Done():
			return
		}
	}
}
