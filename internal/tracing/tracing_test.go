package tracing

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/protobuf/proto"
)

// TestWanted: traces are off unless an endpoint is named, and what this program has not is
// said, without what may be a password.
func TestWanted(t *testing.T) {
	const at = "http://127.0.0.1:4318"
	for name, c := range map[string]struct {
		environment map[string]string
		want        bool
		err         string
	}{
		"nothing":               {nil, false, ""},
		"an endpoint":           {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": at}, true, ""},
		"one of traces":         {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://collector/v1/traces"}, true, ""},
		"an exporter alone":     {map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, false, ""},
		"all as by default":     {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": at, "OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, true, ""},
		"JSON":                  {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": at, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, true, ""},
		"disabled":              {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": at, "OTEL_SDK_DISABLED": "True"}, false, ""},
		"no traces":             {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": at, "OTEL_TRACES_EXPORTER": "none"}, false, ""},
		"another exporter":      {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": at, "OTEL_TRACES_EXPORTER": "zipkin"}, false, `OTEL_TRACES_EXPORTER is "zipkin"`},
		"another protocol":      {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": at, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, false, `OTEL_EXPORTER_OTLP_PROTOCOL is "grpc"`},
		"another, of traces":    {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": at, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"}, false, `OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is "grpc"`},
		"an address and no URL": {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "user:pa55word@127.0.0.1:4318"}, false, "OTEL_EXPORTER_OTLP_ENDPOINT is no http:// or https:// URL"},
		"a URL of another kind": {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "grpc://user:pa55word@c:4317"}, false, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is no http:// or https:// URL"},
	} {
		t.Run(name, func(t *testing.T) {
			setting(t, c.environment)
			got, err := wanted()
			if got != c.want || (err != nil) != (c.err != "") || err != nil && (!strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "pa55word")) {
				t.Errorf("%v, %v; want %v, %q", got, err, c.want, c.err)
			}
		})
	}
}

// setting is an environment in which of OpenTelemetry's variables these alone are set.
func setting(t *testing.T, environment map[string]string) {
	t.Helper()
	for _, name := range append([]string{"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_TRACES_SAMPLER"}, append(Endpoints, protocols...)...) {
		t.Setenv(name, environment[name])
	}
}

// TestOpen: what is ended is sent at the end, by the process's name and version, where
// the environment names no others, and with its headers.
func TestOpen(t *testing.T) {
	got := make(chan *collector.ExportTraceServiceRequest, 1)
	c := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/traces" || r.Header.Get("Authorization") != "Bearer abc" {
			t.Errorf("%s, %v", r.URL.Path, r.Header)
		}
		got <- sent(t, r)
	}))
	defer c.Close()
	setting(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL, "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test"})
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc")
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	provider, closes, err := Open(t.Context(), "runrate-gateway", "v1", zap.NewNop())
	if err != nil || provider == nil {
		t.Fatal(provider, err)
	}
	_, span := provider.Tracer("test").Start(t.Context(), "a span")
	span.End()
	closes()
	req := <-got
	attributes := map[string]string{}
	for _, a := range req.ResourceSpans[0].Resource.Attributes {
		attributes[a.Key] = a.Value.GetStringValue()
	}
	for name, want := range map[string]string{"service.name": "runrate-gateway", "service.version": "v1", "deployment.environment.name": "test"} {
		if attributes[name] != want {
			t.Errorf("%s is %q, want %q", name, attributes[name], want)
		}
	}
	if spans := req.ResourceSpans[0].ScopeSpans[0].Spans; len(spans) != 1 || spans[0].Name != "a span" {
		t.Errorf("spans: %v", spans)
	}
}

// sent is what an exporter sent.
func sent(t *testing.T, r *http.Request) *collector.ExportTraceServiceRequest {
	t.Helper()
	body := &collector.ExportTraceServiceRequest{}
	plain, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Error(err)
		return body
	}
	text, err := io.ReadAll(plain)
	if err != nil {
		t.Error(err)
	}
	if err := proto.Unmarshal(text, body); err != nil {
		t.Error(err)
	}
	return body
}

// TestRefused: what a collector does not take is logged, and is no error of what was traced.
func TestRefused(t *testing.T) {
	c := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer c.Close()
	setting(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": strings.Replace(c.URL, "http://", "http://user:pa55word@", 1)})
	core, logs := observer.New(zapcore.WarnLevel)
	provider, closes, err := Open(t.Context(), "runrate-gateway", "v1", zap.New(core))
	if err != nil {
		t.Fatal(err)
	}
	_, span := provider.Tracer("test").Start(t.Context(), "a span")
	span.End()
	closes()
	all := logs.All()
	if len(all) == 0 || all[0].Message != "traces are dropped" {
		t.Fatalf("logged: %v", all)
	}
	for _, l := range all {
		if strings.Contains(l.Message+l.ContextMap()["error"].(string), "pa55word") {
			t.Errorf("the log tells a password: %v", l)
		}
	}
}

// TestOff: without an endpoint nothing is made.
func TestOff(t *testing.T) {
	setting(t, nil)
	provider, closes, err := Open(t.Context(), "runrate-gateway", "v1", zap.NewNop())
	if provider != nil || err != nil {
		t.Errorf("%v, %v", provider, err)
	}
	closes()
}
