package page

import (
	"context"
	"sync"
	"time"
)

// share is how many times as long as a query took passes before it is run again: however
// many look at the page, all panels together cost at most half of one core.
const share = 20

// panel is what one query gave last. Its rows are read when somebody looks, once for
// all who do.
type panel struct {
	query
	text string

	mu     sync.Mutex
	last   shown
	tried  time.Time     // when it was last begun
	took   time.Duration // last time
	ending chan struct{} // closed when the read under way is over; nil: none is
}

// shown is the JSON of a panel: the rows of its last good read, and the error of the
// one after that, if it failed.
type shown struct {
	Columns []string   `json:"columns"`
	Rows    [][]any    `json:"rows"` // null until the first good read
	ReadAt  *time.Time `json:"read_at"`
	Error   string     `json:"error,omitempty"`
}

// begin reads the panel anew, if that is due and not under way.
func (p *panel) begin(ctx context.Context, from *reader) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ending != nil || time.Since(p.tried) < max(p.every, share*p.took) {
		return
	}
	ending := make(chan struct{})
	p.ending, p.tried = ending, time.Now()
	go func() {
		defer close(ending)
		rows, err := from.read(ctx, p.text)
		p.done(rows, err)
	}()
}

// done takes what was read.
func (p *panel) done(rows shown, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ending, p.took = nil, time.Since(p.tried)
	if err != nil {
		p.last.Error = err.Error()
		return
	}
	at := p.tried.UTC()
	rows.ReadAt = &at
	p.last = rows
}

// wait is the panel when the read under way is over or the bound has passed.
func (p *panel) wait(bound context.Context) shown {
	p.mu.Lock()
	ending := p.ending
	p.mu.Unlock()
	if ending != nil {
		select {
		case <-ending:
		case <-bound.Done():
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}
