package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
	"runrate/producers/gateway/request"
)

// writer puts events where they belong in the log, by murmur2 of their account.
type writer struct {
	log     Log
	logger  *zap.Logger
	running sync.WaitGroup

	mu    sync.Mutex
	lanes map[stream.Kind][]*lane
}

// ready looks the topics up, once: until it returned nil nothing can be written.
func (w *writer) ready(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lanes != nil {
		return nil
	}
	lanes := map[stream.Kind][]*lane{}
	for _, topic := range stream.Inputs() {
		n, err := w.log.Partitions(ctx, topic)
		if err != nil {
			return err
		}
		for i := range n {
			source := stream.Source{Topic: topic, Partition: i}
			lanes[topic.Kind()] = append(lanes[topic.Kind()], &lane{log: w.log, source: source, logger: w.logger.With(zap.Stringer("partition", source))})
		}
	}
	w.lanes = lanes
	return nil
}

// changed says why the door must not go on as it began: Kafka does not answer, or a topic has
// other partitions than it had, to which the accounts would be placed anew. Events that come all
// the same go where those of their accounts are.
func (w *writer) changed(ctx context.Context) error {
	if err := w.ready(ctx); err != nil {
		return err
	}
	for _, topic := range stream.Inputs() {
		n, err := w.log.Partitions(ctx, topic)
		if err != nil {
			return err
		}
		if had := len(w.lanes[topic.Kind()]); int(n) != had {
			return fmt.Errorf("topic %s has %d partitions, and had %d when this began: accounts would move, and the consumers are halted; "+
				"put its events into a topic with as many as are wanted (runrate repartition), and start this with that one's name", topic, n, had)
		}
	}
	return nil
}

// home is the lane of an event that is about an account.
func (w *writer) home(e event.Event) *lane {
	kind, _ := stream.Home(e.Type)
	lanes := w.lanes[kind]
	return lanes[stream.Partition([]byte(e.Account), int32(len(lanes)))]
}

// outcome is what became of an item: its place, or why it is not acknowledged; with a
// refusal, or that of the broker, it never can be.
type outcome struct {
	place stream.Place
	err   error
}

// write writes the items that are not refused, and returns what became of each when all
// of them are told of, or ctx is over. done is called when nothing of the items is
// needed any more, which may be later.
func (w *writer) write(ctx context.Context, items []request.Item, headers []event.Header, done func()) ([]outcome, error) {
	if err := w.ready(ctx); err != nil {
		done()
		return nil, err
	}
	var mu sync.Mutex
	outcomes := make([]outcome, len(items))
	parcels, left := map[*lane][]*parcel{}, 0
	all := make(chan struct{})
	for i, item := range items {
		if item.Refusal != nil {
			continue
		}
		left++
		l := w.home(item.Event)
		outcomes[i].err = errLate
		parcels[l] = append(parcels[l], &parcel{
			ctx:     ctx,
			message: broker.Message{Key: []byte(item.Event.Account), Value: item.Value, Headers: append(headers[:len(headers):len(headers)], item.Headers...)},
			told: func(at stream.Offset, err error) {
				mu.Lock()
				defer mu.Unlock()
				outcomes[i] = outcome{stream.Place{Source: l.source, Offset: at}, err}
				if left--; left == 0 {
					close(all)
					done()
				}
			},
		})
	}
	if left == 0 {
		done()
		return outcomes, nil
	}
	for l, of := range parcels {
		l.put(&w.running, of)
	}
	select {
	case <-all:
	case <-ctx.Done():
	}
	mu.Lock()
	defer mu.Unlock()
	return append([]outcome(nil), outcomes...), nil
}

// errLate is why an event is not acknowledged for which nobody waits any longer.
var errLate = errors.New("Kafka has not acknowledged it in time")

// flush waits until nothing is under way.
func (w *writer) flush(ctx context.Context) error {
	idle := make(chan struct{})
	go func() {
		w.running.Wait()
		close(idle)
	}()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("flush: events are still under way: %w", ctx.Err())
	}
}
