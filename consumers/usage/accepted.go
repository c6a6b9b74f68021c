package usage

import (
	"runrate/internal/event"
	"runrate/internal/rows"
)

// chunkEvents is how many accepted events lie together, in about 60 KB with their
// quantities.
const chunkEvents = 256

type chunk struct {
	events     []rows.UsageEvent
	quantities []event.Quantity // of events
}

// accepted are the events of a batch in the order of the log, in memory that batches
// before have used: a batch that grows copies nothing.
type accepted struct {
	chunks []*chunk
	spare  []*chunk
}

// add copies an event, and its quantities, which lie in memory of a judge's.
func (a *accepted) add(row *rows.UsageEvent) {
	if n := len(a.chunks); n == 0 || len(a.chunks[n-1].events) == chunkEvents {
		a.chunks = append(a.chunks, a.another())
	}
	c := a.chunks[len(a.chunks)-1]
	from := len(c.quantities)
	c.quantities = append(c.quantities, row.Quantities...)
	c.events = append(c.events, *row)
	c.events[len(c.events)-1].Quantities = c.quantities[from:len(c.quantities):len(c.quantities)]
}

func (a *accepted) another() *chunk {
	n := len(a.spare)
	if n == 0 {
		return &chunk{events: make([]rows.UsageEvent, 0, chunkEvents), quantities: make([]event.Quantity, 0, 2*chunkEvents)}
	}
	c := a.spare[n-1]
	a.spare[n-1] = nil
	a.spare = a.spare[:n-1]
	return c
}

// all yields the events. They must not be walked any more once the batch is done.
func (a *accepted) all(yield func(rows.UsageEvent) bool) {
	for _, c := range a.chunks {
		for i := range c.events {
			if !yield(c.events[i]) {
				return
			}
		}
	}
}

// done lets go of the events. Of the memory it keeps what a batch twice as large needs.
func (a *accepted) done() {
	keep := 2 * len(a.chunks)
	for _, c := range a.chunks {
		clear(c.events)
		clear(c.quantities)
		c.events, c.quantities = c.events[:0], c.quantities[:0]
	}
	a.spare = append(a.spare, a.chunks...)
	clear(a.chunks)
	a.chunks = a.chunks[:0]
	if len(a.spare) > keep {
		clear(a.spare[keep:])
		a.spare = a.spare[:keep]
	}
}
