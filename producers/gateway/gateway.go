// Package gateway is the front door: it takes CloudEvents over HTTP, refuses what the
// consumer would refuse, in the same words, and answers 202 only when Kafka has
// acknowledged every event on all in-sync replicas. What it answers 503 may be in the
// log or not: sent again unchanged, it counts once.
//
// Start at Door.receive, the way of one request. Package request is what bytes mean,
// without HTTP; lane.go how events get into a partition; problems.go every answer that
// is no success.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"golang.org/x/sync/semaphore"

	"runrate/producers/gateway/keys"
	"runrate/producers/gateway/request"
)

// Limits bound what a Door takes.
type Limits struct {
	request.Limits
	Headers    int           // bytes of a request's line and headers
	HeaderTime time.Duration // for them to arrive
	BodyTime   time.Duration // for the body
	Total      time.Duration // from the headers to the answer
	Requests   int           // in flight
	Memory     int64         // bytes of bodies in flight, decompressed
}

// DefaultLimits are those of the contract.
var DefaultLimits = Limits{
	Limits: request.DefaultLimits, Headers: 16 << 10,
	HeaderTime: 5 * time.Second, BodyTime: 15 * time.Second, Total: 30 * time.Second,
	Requests: 512, Memory: 256 << 20,
}

// Options set up a Door.
type Options struct {
	Log    Log
	Limits Limits     // zero: DefaultLimits
	Keys   *keys.File // nil: anybody may send events
	// Outlook, if not nil, is by what the door warns: it must answer at once.
	Outlook func() request.Outlook
	Logger  *zap.Logger
	// Metrics is where they are shown; nil shows none.
	Metrics prometheus.Registerer
	// Traces makes a span of each request that posts events; nil makes none.
	Traces trace.TracerProvider
}

// Door is the HTTP handler. Its methods may be called from many goroutines.
type Door struct {
	limits   Limits
	keys     *keys.File
	outlook  func() request.Outlook
	logger   *zap.Logger
	meter    *meter
	writer   *writer
	memory   *semaphore.Weighted
	requests *semaphore.Weighted
	draining atomic.Bool
	tracer   trace.Tracer
	handler  http.Handler
}

// New is a door that takes requests at once. While Kafka is not there it answers 503.
func New(o Options) *Door {
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	if o.Outlook == nil {
		o.Outlook = func() request.Outlook { return request.Outlook{} }
	}
	d := &Door{
		limits: o.Limits, keys: o.Keys, outlook: o.Outlook, logger: o.Logger, meter: newMeter(o.Metrics), writer: &writer{log: o.Log, logger: o.Logger},
		memory: semaphore.NewWeighted(o.Limits.Memory), requests: semaphore.NewWeighted(int64(o.Limits.Requests)),
	}
	mux := http.NewServeMux()
	for path, write := range posts {
		mux.HandleFunc(path, d.post(write))
	}
	for path, handler := range map[string]http.HandlerFunc{"/problems/{reason}": d.explain, "/openapi.json": describe, "/readyz": d.readyz} {
		mux.HandleFunc("GET "+path, handler)
		mux.HandleFunc(path, d.onlyGet)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		d.send(w, problem(notFound, "there is nothing at "+r.URL.EscapedPath()+": events are posted to /v1/events"))
	})
	d.handler, d.tracer = traced(mux, o.Traces)
	return d
}

// posts are the paths that events are posted to, and whether they are written.
var posts = map[string]bool{"/v1/events": true, "/v1/events:validate": false}

// onlyGet answers any other method of what can be read only.
func (d *Door) onlyGet(w http.ResponseWriter, r *http.Request) {
	d.send(w, problem(wrongMethod, r.Method+" is no method of "+r.URL.EscapedPath()+": it is read").with("Allow", "GET, HEAD"))
}

// ServeHTTP answers one request.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Of each request, so that no body that is not read holds its connection.
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(d.limits.BodyTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return // it is gone
	}
	if d.tooMuchHeader(r) {
		a := headersTooLong(d.limits.Headers)
		d.meter.answered(posting, a)
		d.send(w, a)
		return
	}
	d.handler.ServeHTTP(w, r)
}

// tooMuchHeader says whether a request's line and headers are beyond the limit.
func (d *Door) tooMuchHeader(r *http.Request) bool {
	size := len(r.Method) + len(r.RequestURI) + len(r.Proto) + len(r.Host) + 12
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(v) + 4
		}
	}
	return size > d.limits.Headers
}

// Ready says whether events can be taken, and why not.
func (d *Door) Ready(ctx context.Context) error {
	if d.draining.Load() {
		return errors.New("it is ending: use another")
	}
	return d.writer.changed(ctx)
}

// readyz answers 200 while events can be taken.
func (d *Door) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyBound)
	defer cancel()
	if err := d.Ready(ctx); err != nil {
		http.Error(w, "not ready: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// readyBound is how long Kafka has to answer for /readyz.
const readyBound = 5 * time.Second

// Drain says by Ready that no more events are to come, and takes those that do.
func (d *Door) Drain() { d.draining.Store(true) }

// Flush waits until nothing is under way to Kafka, after the last request is answered.
func (d *Door) Flush(ctx context.Context) error { return d.writer.flush(ctx) }
