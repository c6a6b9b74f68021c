package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/producers/gateway"
)

const (
	traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	sampled = "00-" + traceID + "-00f067aa0ba902b7-01"
)

// recorder is where spans go, and what makes them.
func recorder(t *testing.T) (*tracetest.InMemoryExporter, trace.TracerProvider) {
	t.Helper()
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	t.Cleanup(func() {
		if err := provider.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return spans, provider
}

// ended are the spans that have ended, by kind, once there are so many: the one of a
// request ends after its answer.
func ended(t *testing.T, spans *tracetest.InMemoryExporter, n int) map[trace.SpanKind]tracetest.SpanStub {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for len(spans.GetSpans()) < n && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	all := map[trace.SpanKind]tracetest.SpanStub{}
	for _, s := range spans.GetSpans() {
		all[s.SpanKind] = s
	}
	if len(all) != n || len(spans.GetSpans()) != n {
		t.Fatalf("%d spans, want %d: %v", len(spans.GetSpans()), n, all)
	}
	spans.Reset()
	return all
}

// told is an attribute of a span as text.
func told(s tracetest.SpanStub, name string) string {
	for _, a := range s.Attributes {
		if a.Key == attribute.Key(name) {
			return a.Value.String()
		}
	}
	return ""
}

// headersAt are the headers of the record that a result tells of.
func headersAt(t *testing.T, c *broker.Client, of gateway.Result) map[string]string {
	t.Helper()
	source := stream.Source{Topic: stream.Usage.Topic(), Partition: *of.Partition}
	records, _, err := c.Fetch(t.Context(), source, stream.Offset(*of.Offset), 1<<20, time.Second)
	if err != nil || len(records) == 0 {
		t.Fatalf("%v: %d records", err, len(records))
	}
	headers := map[string]string{}
	for _, h := range records[0].Headers {
		headers[h.Name] = string(h.Value)
	}
	return headers
}

// TestSpans: a request that posts events is a span within its client's, and what it
// writes to Kafka one within that, which its records name.
func TestSpans(t *testing.T) {
	_, c := kafka(t)
	spans, provider := recorder(t)
	url := serve(t, gateway.Options{Log: c, Traces: provider}) + "/v1/events"
	got := post(t, url, "application/json", []byte(usage("1", "a")), "traceparent", sampled, "tracestate", "x=1")
	all := ended(t, spans, 2)
	server, producer := all[trace.SpanKindServer], all[trace.SpanKindProducer]
	if server.Name != "POST /v1/events" || server.Parent.SpanID().String() != "00f067aa0ba902b7" || server.SpanContext.TraceID().String() != traceID {
		t.Errorf("the request's span: %+v", server)
	}
	for name, want := range map[string]string{"http.route": "/v1/events", "http.response.status_code": "202", "http.request.method": "POST",
		"runrate.events.accepted": "1", "runrate.events.refused": "0", "error.type": ""} {
		if got := told(server, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if producer.Name != "send runrate.usage" || producer.Parent.SpanID() != server.SpanContext.SpanID() || producer.Status.Code != codes.Unset {
		t.Errorf("the span of what was sent: %+v", producer)
	}
	for name, want := range map[string]string{"messaging.system": "kafka", "messaging.destination.name": "runrate.usage", "messaging.batch.message_count": "1"} {
		if got := told(producer, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	headers := headersAt(t, c, got.Results[0])
	if want := "00-" + traceID + "-" + producer.SpanContext.SpanID().String() + "-01"; headers["traceparent"] != want || headers["tracestate"] != "x=1" {
		t.Errorf("the record's headers: %v, want traceparent %s", headers, want)
	}

	both := "[" + usage("2", "a") + "," + subscription + "," + strings.Replace(usage("3", "a"), `"in":1`, `"in":-1`, 1) + "]"
	post(t, url, "application/json", []byte(both))
	all = ended(t, spans, 2)
	server, producer = all[trace.SpanKindServer], all[trace.SpanKindProducer]
	if producer.Name != "send" || told(producer, "messaging.destination.name") != "" || told(producer, "messaging.batch.message_count") != "2" || server.Parent.IsValid() {
		t.Errorf("of both topics: %+v within %+v", producer, server)
	}
	if fmt.Sprint(told(server, "runrate.events.accepted"), told(server, "runrate.events.refused"), told(server, "error.type")) != "2"+"1"+"events_refused" {
		t.Errorf("of both topics and one refused: %v", server.Attributes)
	}
	logged(t, c)
}

// TestSpansOfNoEvents: nothing is sent, so no span says so; what is asked by others than
// publishers is none, and a span has no key, be it in a header or, by mistake, in a URL.
func TestSpansOfNoEvents(t *testing.T) {
	_, c := kafka(t)
	spans, provider := recorder(t)
	url := serve(t, gateway.Options{Log: c, Traces: provider})
	for path, body := range map[string]string{"/v1/events": "{}", "/v1/events:validate": usage("1", "a"), "/v1/events?key=rr_1f3a9c04_secret": usage("1", "a")} {
		post(t, url+path, "application/json", []byte(body), "Authorization", "Bearer rr_1f3a9c04_secret")
		if s := ended(t, spans, 1)[trace.SpanKindServer]; strings.Contains(fmt.Sprint(s), "rr_1f3a9c04") {
			t.Errorf("%s: a key is told: %v", path, s)
		}
	}
	for _, path := range []string{"/readyz", "/openapi.json", "/problems/invalid", "/v1/events"} {
		resp, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	// A span that was begun before would end before this one.
	post(t, url+"/v1/events", "application/json", []byte("{}"))
	ended(t, spans, 1)
}

// TestUnsampled: a trace that its client does not record makes no spans, and is handed on.
func TestUnsampled(t *testing.T) {
	_, c := kafka(t)
	spans, provider := recorder(t)
	url := serve(t, gateway.Options{Log: c, Traces: provider}) + "/v1/events"
	got := post(t, url, "application/json", []byte(usage("1", "a")), "traceparent", strings.TrimSuffix(sampled, "01")+"00")
	if parent := headersAt(t, c, got.Results[0])["traceparent"]; !strings.HasPrefix(parent, "00-"+traceID+"-") || !strings.HasSuffix(parent, "-00") {
		t.Errorf("the record's traceparent is %q", parent)
	}
	post(t, url, "application/json", []byte("{}")) // whose span comes after
	ended(t, spans, 1)
}

// closed is a Kafka whose topics are there and that takes nothing.
type closed struct{ grown }

func (*closed) Append(context.Context, stream.Topic, int32, []broker.Message) (stream.Offset, error) {
	return 0, errors.New("not today")
}

// TestSpansOfFailure: what Kafka has not acknowledged is an error of both spans.
func TestSpansOfFailure(t *testing.T) {
	spans, provider := recorder(t)
	log := &closed{}
	log.partitions.Store(partitions)
	url := serve(t, gateway.Options{Log: log, Traces: provider}) + "/v1/events"
	if got := post(t, url, "application/json", []byte(usage("1", "a"))); got.status != http.StatusServiceUnavailable {
		t.Fatalf("answered %d: %s", got.status, got.body)
	}
	for kind, s := range ended(t, spans, 2) {
		if s.Status.Code != codes.Error || told(s, "error.type") != "not_acknowledged" || told(s, "runrate.events.unacknowledged") != "1" {
			t.Errorf("%s: %+v", kind, s)
		}
	}
}
