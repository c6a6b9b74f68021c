package stack

import (
	"context"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/store"
	"runrate/internal/event"
	"runrate/internal/pricebook"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/producers/gateway/request"
)

// lookEvery is how often ClickHouse is asked for the clock and the price book.
const lookEvery = 2 * time.Second

// Outlook follows, until ctx ends, the clock and the price book that ClickHouse knows to
// be in force, by which a door warns. While it cannot be asked there is none.
func Outlook(ctx context.Context, tables *store.Store, logger *zap.Logger) func() request.Outlook {
	var current atomic.Pointer[request.Outlook]
	current.Store(&request.Outlook{})
	go func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		var book parsed
		for {
			o, err := look(ctx, tables, &book)
			if err != nil && ctx.Err() == nil {
				logger.Debug("the door warns of nothing: ClickHouse does not say what is in force", zap.Error(err))
			}
			current.Store(&o)
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() request.Outlook { return *current.Load() }
}

// parsed is a price book and the text that it came of.
type parsed struct {
	text string
	book *pricebook.Book
}

// look is the outlook now; that of no answer is the zero one.
func look(ctx context.Context, tables *store.Store, known *parsed) (o request.Outlook, err error) {
	topic := stream.Usage.Topic()
	epoch, err := tables.Epoch(ctx, topic)
	if err != nil {
		return o, err
	}
	controls, err := tables.Elsewhere(ctx, epoch, topic, event.MaxTime)
	if err != nil {
		return o, err
	}
	for _, c := range controls {
		switch c.Kind {
		case rows.ClockSet:
			o.Clock = c.Time
		case rows.BookSet:
			if known.book == nil || known.text != c.Payload {
				book, err := pricebook.Parse([]byte(c.Payload))
				if err != nil {
					return request.Outlook{}, err
				}
				*known = parsed{c.Payload, book}
			}
			o.Book = known.book
		}
	}
	o.Known = o.Clock != 0 || o.Book != nil
	return o, nil
}
