package publish

import (
	"context"
	"time"

	"runrate/internal/event"
	"runrate/internal/stream"
)

// queue copies an event into the open batches of its partitions, and waits
// while Memory is full.
func (p *Publisher) queue(ctx context.Context, route Route, line int64, headers []event.Header, value []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if home, ok := stream.Home(route.Type); ok {
		lanes, key := p.lanes[home], []byte(route.Subject)
		p.add(lanes[stream.Partition(key, int32(len(lanes)))], key, value, headers, true, route.Type, line)
	} else { // a control event
		for _, k := range stream.Kinds() {
			for _, l := range p.lanes[k] {
				p.add(l, nil, value, headers, false, route.Type, line)
			}
		}
	}
	if p.pending < p.options.Memory && p.failed == nil {
		return nil
	}
	return p.wait(ctx, p.options.Memory/2)
}

func (p *Publisher) add(l *lane, key, value []byte, headers []event.Header, keyed bool, t event.Type, line int64) {
	size := len(key) + len(value) + sizeOf(headers) + recordOverhead
	if l.open != nil && l.open.size+size > p.options.BatchBytes {
		p.seal(l)
	}
	if l.open == nil {
		l.open = &batch{}
	}
	l.open.add(key, value, headers, keyed, t, line)
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
