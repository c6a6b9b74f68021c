// Package w3c is how a trace goes along with a Kafka record: by the headers of W3C Trace
// Context.
package w3c

import (
	"context"

	"go.opentelemetry.io/otel/propagation"

	"runrate/internal/event"
)

// Propagator reads and writes the headers of requests.
var Propagator propagation.TraceContext

// Headers are those of a record that comes from the span of ctx; of none there are none.
func Headers(ctx context.Context) (headers []event.Header) {
	carrier := propagation.MapCarrier{}
	Propagator.Inject(ctx, carrier)
	for _, name := range Propagator.Fields() {
		if value := carrier[name]; value != "" {
			headers = append(headers, event.Header{Name: name, Value: []byte(value)})
		}
	}
	return headers
}
