package monitor

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// forgotten is after how long without a question Asked begins anew: what lies between two
// samples that are far apart is not known.
const forgotten = time.Minute

// Asked answers GET /v1/lag where no monitor runs: it reads when it is asked, at most once in
// Every, and judges by what it has read and, where Options.Recall is given, by what monitors
// keep. Without that, a partition whose records wait is unknown at the first question.
type Asked struct {
	o Options

	mu      sync.Mutex
	monitor *Monitor
	last    time.Time // of the last cycle
}

// NewAsked has no metrics; of the options it does not use Round, Tell and Keep.
func NewAsked(o Options) *Asked {
	o.Round, o.Tell, o.Keep = nil, nil, nil
	return &Asked{o: o}
}

// ServeHTTP answers as Monitor.ServeHTTP.
func (a *Asked) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if since := time.Since(a.last); since >= Every {
		if since > forgotten {
			a.monitor = New(a.o, prometheus.NewRegistry())
		}
		a.monitor.Cycle(context.WithoutCancel(r.Context())) // others get it, too, should this one go away
		a.last = time.Now()
	}
	a.monitor.ServeHTTP(out, r)
}
