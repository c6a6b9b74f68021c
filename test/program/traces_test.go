package program

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// traces are the spans that a collector got, by their names.
type traces struct {
	url string
	mu  sync.Mutex
	got map[string]*spans.Span
	by  string // service.name
}

// collect starts a collector, which ends with the test.
func collect(t *testing.T) *traces {
	t.Helper()
	c := &traces{got: map[string]*spans.Span{}}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var sent collector.ExportTraceServiceRequest
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = proto.Unmarshal(body, &sent)
		}
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, of := range sent.ResourceSpans {
			for _, a := range of.Resource.Attributes {
				if a.Key == "service.name" {
					c.by = a.Value.GetStringValue()
				}
			}
			for _, scope := range of.ScopeSpans {
				for _, s := range scope.Spans {
					c.got[s.Name] = s
				}
			}
		}
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// TestTraces: a gateway whose environment names a collector sends it the spans of its
// requests, the last of them at its end; without one it sends none, and what it cannot do
// it says.
func TestTraces(t *testing.T) {
	t.Parallel()
	kafka := kafkaAlone(t)
	for endpoint, want := range map[string]int{"OTEL_EXPORTER_OTLP_ENDPOINT": 2, "ANOTHER_ENDPOINT": 0} {
		c := collect(t)
		address := loopback(freePort(t))
		cmd := exec.Command(binary, "gateway", "--without-keys", "--listen", address, "--admin-listen", "127.0.0.1:0", "--brokers", kafka)
		cmd.Env = environment(endpoint + "=" + c.url)
		p := start(t, cmd)
		within(t, "the event is taken", func() bool {
			resp, err := http.Post("http://"+address+"/v1/events", "application/json", strings.NewReader(usageOf("acct_1", "chat", 2, 1)))
			if err == nil {
				resp.Body.Close()
			}
			return err == nil && resp.StatusCode == http.StatusAccepted
		})
		p.signal(t, syscall.SIGTERM)
		if code := p.wait(t); code != 0 {
			t.Errorf("the gateway ended with %d:\n%s", code, p.err.String())
		}
		if len(c.got) != want {
			t.Errorf("%s: %d spans, want %d: %v", endpoint, len(c.got), want, c.got)
		}
		if want == 0 {
			continue
		}
		request, sent := c.got["POST /v1/events"], c.got["send runrate.usage"]
		if c.by != "runrate-gateway" || string(sent.GetParentSpanId()) != string(request.GetSpanId()) || len(request.GetSpanId()) == 0 {
			t.Errorf("by %q: %v within %v", c.by, sent, request)
		}
	}
	cmd := exec.Command(binary, "gateway", "--without-keys", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--brokers", kafka)
	cmd.Env = environment("OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc")
	if p := start(t, cmd); p.wait(t) != 2 || !strings.Contains(p.err.String(), `OTEL_EXPORTER_OTLP_PROTOCOL is "grpc": traces are sent by http/protobuf`) {
		t.Errorf("another protocol: %s", p.err.String())
	}
}
