package gateway

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"runrate/internal/stream"
	"runrate/internal/w3c"
	"runrate/producers/gateway/request"
)

// tracerName is the scope of the door's spans.
const tracerName = "runrate/producers/gateway"

// How many events a span is about, by what became of them.
const (
	attrAccepted       = attribute.Key("runrate.events.accepted")
	attrRefused        = attribute.Key("runrate.events.refused")
	attrUnacknowledged = attribute.Key("runrate.events.unacknowledged")
)

// traced has a handler know the trace of each request: with a provider as a span of its
// own for each that posts events, else only to hand it on. A nil provider makes no spans.
func traced(next http.Handler, provider trace.TracerProvider) (http.Handler, trace.Tracer) {
	if provider == nil {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(w3c.Propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))))
		}), noop.NewTracerProvider().Tracer(tracerName)
	}
	return otelhttp.NewHandler(next, "", otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(w3c.Propagator),
		otelhttp.WithFilter(func(r *http.Request) bool {
			_, events := posts[r.URL.Path]
			return events && r.Method == http.MethodPost
		}),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return r.Method + " " + r.URL.Path }),
	), provider.Tracer(tracerName)
}

// tellSpan tells the span of a request what became of its events.
func tellSpan(r *http.Request, a answer) {
	span := trace.SpanFromContext(r.Context())
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(semconv.HTTPRoute(r.Pattern))
	counts := map[int]int{}
	for _, r := range a.results() {
		counts[r.Status]++
	}
	span.SetAttributes(attrAccepted.Int(counts[http.StatusAccepted]), attrRefused.Int(counts[http.StatusUnprocessableEntity]),
		attrUnacknowledged.Int(counts[http.StatusServiceUnavailable]))
	if a.problem != nil {
		span.SetAttributes(semconv.ErrorTypeKey.String(strings.TrimPrefix(a.problem.Type, problemPath)))
	}
}

// produce is writer.write, in a span of its own that the records name as the one they
// come from.
func (d *Door) produce(ctx context.Context, items []request.Item, done func()) ([]outcome, error) {
	events, topic := bound(items)
	if events == 0 {
		return d.writer.write(ctx, items, nil, done)
	}
	name := "send"
	attributes := []attribute.KeyValue{semconv.MessagingSystemKafka, semconv.MessagingOperationTypeSend, semconv.MessagingOperationName(name), semconv.MessagingBatchMessageCount(events)}
	if topic != "" {
		name += " " + topic
		attributes = append(attributes, semconv.MessagingDestinationName(topic))
	}
	ctx, span := d.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(attributes...))
	defer span.End()
	outcomes, err := d.writer.write(ctx, items, w3c.Headers(ctx), done)
	if err != nil {
		span.SetStatus(codes.Error, "Kafka is not there")
		span.SetAttributes(semconv.ErrorTypeKey.String(string(notAcknowledged)))
		return outcomes, err
	}
	missing := 0
	for i, o := range outcomes {
		if items[i].Refusal == nil && o.err != nil {
			missing++
		}
	}
	if missing > 0 {
		span.SetStatus(codes.Error, fmt.Sprintf("Kafka has not taken %d of %d events", missing, events))
		span.SetAttributes(semconv.ErrorTypeKey.String(string(notAcknowledged)), attrUnacknowledged.Int(missing))
	}
	return outcomes, nil
}

// bound are how many of the items go to Kafka, and their topic if it is one.
func bound(items []request.Item) (events int, topic string) {
	for _, item := range items {
		if item.Refusal != nil {
			continue
		}
		kind, _ := stream.Home(item.Event.Type)
		switch to := kind.Topic().String(); {
		case events == 0:
			topic = to
		case to != topic:
			topic = ""
		}
		events++
	}
	return events, topic
}
