package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"runrate/producers/gateway"
	"runrate/producers/gateway/request"
)

// shown says whether the metrics have each of some lines.
func shown(t *testing.T, r *prometheus.Registry, want ...string) {
	t.Helper()
	out := httptest.NewRecorder()
	promhttp.HandlerFor(r, promhttp.HandlerOpts{}).ServeHTTP(out, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range want {
		if !strings.Contains(out.Body.String(), "\n"+line+"\n") {
			t.Errorf("%q is not in:\n%s", line, out.Body)
		}
	}
}

// TestMetrics: requests by code, events by what was answered of each, also before the
// first of them; what is only judged is no event that was posted.
func TestMetrics(t *testing.T) {
	_, c := kafka(t)
	metrics := prometheus.NewRegistry()
	url := serve(t, gateway.Options{Log: c, Metrics: metrics, Outlook: func() request.Outlook { return request.Outlook{Known: true} }}) + "/v1/events"
	shown(t, metrics, `runrate_door_events_total{result="accepted"} 0`, `runrate_door_events_total{result="unacknowledged"} 0`, `runrate_door_requests_total{code="503",operation="events"} 0`)
	for body, want := range map[string]int{
		"[" + usage("1", "a") + "," + usage("2", "b") + "]": http.StatusAccepted,
		"[" + usage("3", "a") + `,{"specversion":"1.0"}]`:   http.StatusUnprocessableEntity,
		"[" + usage("4", "a") + "," + tick + "]":            http.StatusForbidden,
		"[":                                                 http.StatusBadRequest,
	} {
		if got := post(t, url, "application/json", []byte(body)); got.status != want {
			t.Errorf("answered %d: %s", got.status, got.body)
		}
	}
	if got := post(t, url+":validate", "application/json", []byte(usage("5", "a"))); got.status != http.StatusAccepted {
		t.Errorf("answered %d: %s", got.status, got.body)
	}
	shown(t, metrics,
		`runrate_door_requests_total{code="202",operation="events"} 1`, `runrate_door_requests_total{code="422",operation="events"} 1`,
		`runrate_door_requests_total{code="403",operation="events"} 1`, `runrate_door_requests_total{code="400",operation="events"} 1`,
		`runrate_door_requests_total{code="202",operation="validate"} 1`,
		`runrate_door_events_total{result="accepted"} 3`, `runrate_door_events_total{result="refused"} 1`,
		`runrate_door_events_total{result="forbidden"} 1`, `runrate_door_events_total{result="unacknowledged"} 0`,
		`runrate_door_refused_total{reason="malformed"} 1`, `runrate_door_warnings_total{reason="unknown_product"} 3`,
		`runrate_door_request_seconds_count{operation="events"} 4`, `runrate_door_acknowledge_seconds_count 2`,
		`runrate_door_requests_in_flight 0`)
}
