package publish

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/retry"
	"runrate/internal/stream"
)

// batch is records for one partition, sent as one produce request. It owns
// their bytes.
type batch struct {
	messages []broker.Message
	lines    []int64 // of the file, for reports; 0 where there is none
	types    []event.Type
	tags     []uint64 // for Options.Result, 0 for none
	chunk    []byte   // room for the bytes of messages
	size     int      // upper bound of the encoded size
}

// recordOverhead bounds what the encoding adds to a record's key and value.
const recordOverhead = 24

func (b *batch) add(key []byte, keyed bool, i item) {
	need := len(key) + len(i.value)
	if need > cap(b.chunk)-len(b.chunk) {
		b.chunk = make([]byte, 0, max(64<<10, need))
	}
	start := len(b.chunk)
	b.chunk = append(append(b.chunk, key...), i.value...)
	m := broker.Message{Value: b.chunk[start+len(key) : start+need : start+need], Headers: i.headers}
	if keyed {
		m.Key = b.chunk[start : start+len(key) : start+len(key)]
	}
	b.messages = append(b.messages, m)
	b.types = append(b.types, i.route.Type)
	b.lines = append(b.lines, i.line)
	b.tags = append(b.tags, i.tag)
	b.size += need + sizeOf(i.headers) + recordOverhead
}

// sizeOf bounds what headers take in a record.
func sizeOf(headers []event.Header) int {
	size := 0
	for _, h := range headers {
		size += len(h.Name) + len(h.Value) + 10
	}
	return size
}

// lane is one partition of one topic. Its batches go out one at a time, in
// order, so that a retry cannot put a later one first.
type lane struct {
	p      *Publisher
	source stream.Source
	log    *zap.Logger
	open   *batch        // being filled by Send, under p.mu
	queue  []*batch      // sealed, under p.mu
	wake   chan struct{} // capacity 1
}

// run sends batches until the context ends.
func (l *lane) run(ctx context.Context) {
	for ctx.Err() == nil {
		b := l.next()
		if b == nil {
			select {
			case <-l.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		l.p.done(l, b, l.deliver(ctx, b))
	}
}

func (l *lane) next() *batch {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	if len(l.queue) == 0 {
		return nil
	}
	b := l.queue[0]
	l.queue[0] = nil
	l.queue = l.queue[1:]
	return b
}

// deliver sends a batch until it is acknowledged. What the broker finds too
// large is halved; a single record that is too large is reported and left out.
func (l *lane) deliver(ctx context.Context, b *batch) error {
	at, err := l.append(ctx, b.messages)
	switch {
	case err == nil:
		l.tell(b, at, nil)
		l.p.acknowledged(l.source.Topic, b.types)
		return nil
	case !broker.TooLarge(err):
		return err
	case len(b.messages) == 1:
		m := b.messages[0]
		why := invalid(fmt.Sprintf(
			"the event has %d bytes, more than the broker takes: split it, or raise max.message.bytes of topic %s", len(m.Key)+len(m.Value), l.source.Topic))
		l.p.rejectCopy(b.types[0], b.lines[0], m.Value, why)
		l.tell(b, 0, why)
		return nil
	}
	half := len(b.messages) / 2
	for _, part := range []*batch{
		{messages: b.messages[:half], lines: b.lines[:half], types: b.types[:half], tags: b.tags[:half]},
		{messages: b.messages[half:], lines: b.lines[half:], types: b.types[half:], tags: b.tags[half:]},
	} {
		if err := l.deliver(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// append tries again what may pass, for RetryFor.
func (l *lane) append(ctx context.Context, messages []broker.Message) (at stream.Offset, err error) {
	waits := retry.Policy{First: 50 * time.Millisecond, Longest: 3200 * time.Millisecond, For: l.p.options.RetryFor}
	err = waits.Do(ctx, l.log, "send", func(ctx context.Context) error {
		var err error
		at, err = l.p.client.AppendCompressed(ctx, l.source.Topic, l.source.Partition, messages, l.p.options.Compression)
		return err
	})
	return at, err
}

// tell tells Options.Result of the records of a batch, the first of them at an offset.
func (l *lane) tell(b *batch, at stream.Offset, err error) {
	if l.p.options.Result == nil {
		return
	}
	for i, tag := range b.tags {
		if tag != 0 {
			l.p.options.Result(tag, stream.Place{Source: l.source, Offset: at + stream.Offset(i)}, err)
		}
	}
}
