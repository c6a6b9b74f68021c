package meter_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"runrate/consumers/meter"
	"runrate/internal/stream"
)

func scrape(r *prometheus.Registry) string {
	out := httptest.NewRecorder()
	promhttp.HandlerFor(r, promhttp.HandlerOpts{}).ServeHTTP(out, httptest.NewRequest("GET", "/metrics", nil))
	return out.Body.String()
}

// TestFromZero: what alerts ask the increase of is there before anything happens, so that
// the first of it is an increase.
func TestFromZero(t *testing.T) {
	r := prometheus.NewRegistry()
	p := meter.New(r).Of(stream.Source{Topic: stream.Usage.Topic(), Partition: 3})
	text := scrape(r)
	for _, want := range []string{
		`runrate_consumer_records_total{partition="3",result="accepted",topic="runrate.usage"} 0`,
		`runrate_consumer_records_total{partition="3",result="refused",topic="runrate.usage"} 0`,
		`runrate_consumer_retries_total{dependency="clickhouse",operation="write rows",partition="3",topic="runrate.usage"} 0`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
	p.Records("refused", 50)
	p.Retried(meter.ClickHouse, "write rows")
	if text := scrape(r); strings.Count(text, "runrate_consumer_records_total{") != 6 || !strings.Contains(text, `result="refused",topic="runrate.usage"} 50`) {
		t.Errorf("after 50 refusals:\n%s", text)
	}
	var none *meter.Meter
	none.Of(stream.Source{}).Records("refused", 1) // counts nothing, and does not fail
}
