package gateway

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The operations of requests, in metrics.
const (
	posting    = "events"   // POST /v1/events
	validating = "validate" // POST /v1/events:validate
)

// Results of events, in metrics.
const (
	eventAccepted       = "accepted"       // acknowledged by all in-sync replicas
	eventRefused        = "refused"        // never can be taken
	eventForbidden      = "forbidden"      // not with this key
	eventUnacknowledged = "unacknowledged" // in the log or not: to be sent again
)

// resultOf is the result of an event by the status that is told for it.
var resultOf = map[int]string{
	http.StatusAccepted: eventAccepted, http.StatusUnprocessableEntity: eventRefused,
	http.StatusForbidden: eventForbidden, http.StatusServiceUnavailable: eventUnacknowledged,
}

// doorBuckets, in seconds: from what a broker nearby takes to the longest that a request may.
var doorBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// meter counts what a door does. Any goroutine may use it; a nil one counts nothing.
type meter struct {
	requests, events *prometheus.CounterVec
	refused, warned  *prometheus.CounterVec
	took             *prometheus.HistogramVec
	acknowledged     prometheus.Histogram
	inFlight         prometheus.Gauge
}

// newMeter registers the metrics of a door; nil registers none.
func newMeter(to prometheus.Registerer) *meter {
	if to == nil {
		return nil
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &meter{
		requests: counter("runrate_door_requests_total", "Requests to post or validate events, by the code of the answer.", "operation", "code"),
		events:   counter("runrate_door_events_total", "Events posted, by what was answered: accepted (Kafka has acknowledged them), refused, forbidden, unacknowledged.", "result"),
		refused:  counter("runrate_door_refused_total", "Events posted and refused, by reason; they are not in Kafka.", "reason"),
		warned:   counter("runrate_door_warnings_total", "Warnings that an accepted event may be refused by the consumer, by reason.", "reason"),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "runrate_door_request_seconds",
			Help: "From a request's headers to its answer.", Buckets: doorBuckets}, []string{"operation"}),
		acknowledged: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "runrate_door_acknowledge_seconds",
			Help: "How long Kafka took to acknowledge the events of a request, or not to.", Buckets: doorBuckets}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "runrate_door_requests_in_flight", Help: "Requests that are being answered."}),
	}
	to.MustRegister(m.requests, m.events, m.refused, m.warned, m.took, m.acknowledged, m.inFlight)
	for _, result := range resultOf { // of a series that begins with a burst, nothing sees an increase
		m.events.WithLabelValues(result)
	}
	for _, code := range []int{http.StatusAccepted, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		m.requests.WithLabelValues(posting, strconv.Itoa(code))
	}
	return m
}

// begin counts a request in; what it returns takes its answer. end counts it out.
func (m *meter) begin(operation string) (answered func(answer)) {
	if m == nil {
		return func(answer) {}
	}
	began := time.Now()
	m.inFlight.Inc()
	return func(a answer) {
		m.took.WithLabelValues(operation).Observe(time.Since(began).Seconds())
		m.answered(operation, a)
	}
}

// end counts a request out.
func (m *meter) end() {
	if m != nil {
		m.inFlight.Dec()
	}
}

// answered counts an answer, and what it says of events that were to be written.
func (m *meter) answered(operation string, a answer) {
	if m == nil {
		return
	}
	m.requests.WithLabelValues(operation, strconv.Itoa(a.status)).Inc()
	if operation != posting {
		return
	}
	for _, r := range a.results() {
		m.events.WithLabelValues(resultOf[r.Status]).Inc()
		if r.Status == http.StatusUnprocessableEntity {
			m.refused.WithLabelValues(string(r.Reason)).Inc()
		}
		for _, w := range r.Warnings {
			m.warned.WithLabelValues(string(w.Reason)).Inc()
		}
	}
}

// wrote takes how long events were on their way.
func (m *meter) wrote(took time.Duration) {
	if m != nil {
		m.acknowledged.Observe(took.Seconds())
	}
}

// results are what is answered of each event; of a forbidden request, of those only that
// forbid it.
func (a answer) results() []Result {
	if a.success != nil {
		return a.success.Results
	}
	return a.problem.Results
}
