package publish

import (
	"fmt"
	"io"
	"time"

	"runrate/internal/event"
)

// maxAhead is how far a tick may be ahead of this machine's clock before the
// report speaks of it.
const maxAhead = time.Minute

// Ahead are the ticks of a file that are ahead of this machine's clock.
type Ahead struct {
	Ticks int64
	Line  int64         // of the one that is furthest ahead
	Time  event.Time    // its own
	By    time.Duration // how far it is ahead
}

// look notes a tick that is ahead of this machine's clock. What is wrong with it
// otherwise is the consumer's to refuse.
func (p *Publisher) look(line int64, value []byte) {
	e, refusal := new(event.Decoder).Decode(value)
	if refusal != nil || e.Invalid != nil {
		return
	}
	by := e.Time.UTC().Sub(p.options.Now())
	if by <= maxAhead {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	a := &p.report.Ahead
	if a.Ticks++; by > a.By {
		a.Line, a.Time, a.By = line, e.Time, by
	}
}

// WriteAhead prints a warning of ticks that are ahead, nothing if there are none.
func (r Report) WriteAhead(w io.Writer) (int64, error) {
	a := r.Ahead
	if a.Ticks == 0 {
		return 0, nil
	}
	n, err := fmt.Fprintf(w, "warning: ticks ahead of this machine's clock: %d, the furthest on line %d: %s, by %s; "+
		"where it is taken, events of now are late, and too_old once it is 35 days ahead\n", a.Ticks, a.Line, a.Time, a.By.Round(time.Second))
	return int64(n), err
}
