package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/fault"
	"runrate/internal/retry"
	"runrate/internal/stream"
)

// Log is what events are written to. A *broker.Client is one.
type Log interface {
	// Append writes a batch to one partition, acknowledged by all in-sync replicas.
	Append(ctx context.Context, topic stream.Topic, partition int32, messages []broker.Message) (stream.Offset, error)
	Partitions(ctx context.Context, topic stream.Topic) (int32, error)
}

// batchBytes bounds one produce request, well below what a broker takes by default.
const batchBytes = 512 << 10

// recordOverhead bounds what the encoding adds to a record.
const recordOverhead = 24

// parcel is an event on its way into a partition. told is called once, from any
// goroutine: with its offset, or why it is not acknowledged. Once ctx is over nobody
// waits for it: if it has not been sent by then, it never is.
type parcel struct {
	ctx     context.Context
	message broker.Message
	told    func(stream.Offset, error)
}

func (p *parcel) size() int {
	size := len(p.message.Key) + len(p.message.Value) + recordOverhead
	for _, h := range p.message.Headers {
		size += len(h.Name) + len(h.Value) + 10
	}
	return size
}

// lane is one partition. Its batches go out one at a time; what comes meanwhile shares
// the next one, so that many small requests cost few writes and one alone does not wait.
type lane struct {
	log    Log
	source stream.Source
	logger *zap.Logger

	mu      sync.Mutex
	waiting []*parcel
	sending bool
}

// put takes parcels, and returns at once.
func (l *lane) put(running *sync.WaitGroup, parcels []*parcel) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, parcels...)
	if !l.sending {
		l.sending = true
		running.Go(l.send)
	}
}

// send sends what waits until nothing does.
func (l *lane) send() {
	for {
		batch := l.take()
		if len(batch) == 0 {
			return
		}
		l.deliver(batch)
	}
}

// take is the next batch: those somebody still waits for.
func (l *lane) take() (batch []*parcel) {
	l.mu.Lock()
	defer l.mu.Unlock()
	size := 0
	for len(l.waiting) > 0 {
		next := l.waiting[0]
		if err := next.ctx.Err(); err != nil {
			l.waiting[0], l.waiting = nil, l.waiting[1:]
			next.told(0, fmt.Errorf("it was not sent in time: %w", context.Cause(next.ctx)))
			continue
		}
		if size += next.size(); size > batchBytes && len(batch) > 0 {
			return batch
		}
		batch = append(batch, next)
		l.waiting[0], l.waiting = nil, l.waiting[1:]
	}
	if len(batch) == 0 {
		l.waiting, l.sending = nil, false
	}
	return batch
}

// deliver sends a batch until it is acknowledged, or nobody waits for it. What the broker
// finds too large is halved; a single record that is too large is refused.
func (l *lane) deliver(batch []*parcel) {
	at, err := l.append(batch)
	switch {
	case broker.TooLarge(err) && len(batch) > 1:
		l.deliver(batch[:len(batch)/2])
		l.deliver(batch[len(batch)/2:])
		return
	case broker.TooLarge(err):
		err = &event.Refusal{Reason: event.Invalid, Detail: fmt.Sprintf(
			"the event has %d bytes, more than the broker takes: split it, or have max.message.bytes of topic %s raised", len(batch[0].message.Value), l.source.Topic)}
	}
	for i, p := range batch {
		if err != nil {
			p.told(0, err)
		} else {
			p.told(at+stream.Offset(i), nil)
		}
	}
}

// again is how a write is tried again that may pass. It is cut short when nobody waits.
var again = retry.Policy{First: 50 * time.Millisecond, Longest: 2 * time.Second}

// attemptBound is after how long a write is tried anew: the broker or the way to it may be
// gone without a word.
const attemptBound = 10 * time.Second

func (l *lane) append(batch []*parcel) (at stream.Offset, err error) {
	ctx, cancel := lastOf(batch)
	defer cancel()
	messages := make([]broker.Message, len(batch))
	for i, p := range batch {
		messages[i] = p.message
	}
	err = again.Do(ctx, l.logger, "send", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, attemptBound)
		defer cancel()
		var err error
		at, err = l.log.Append(ctx, l.source.Topic, l.source.Partition, messages)
		return err
	})
	if err != nil && fault.KindOf(err) != fault.Canceled && !errors.Is(err, context.DeadlineExceeded) && !broker.TooLarge(err) {
		l.logger.Error("events are not acknowledged", zap.Int("events", len(batch)), zap.Error(err))
	}
	return at, err
}

// lastOf is a context that is over when those of all parcels are.
func lastOf(batch []*parcel) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	all := map[context.Context]bool{}
	for _, p := range batch {
		all[p.ctx] = true
	}
	var left atomic.Int64
	left.Store(int64(len(all)))
	var stops []func() bool
	for of := range all {
		stops = append(stops, context.AfterFunc(of, func() {
			if left.Add(-1) == 0 {
				cancel()
			}
		}))
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel()
	}
}
