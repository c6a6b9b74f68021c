package gateway_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"runrate/internal/event"
	"runrate/internal/pricebook"
	"runrate/internal/stream"
	"runrate/producers/gateway"
	"runrate/producers/gateway/request"
)

// TestTrace: the trace of a request goes along in the headers of its records.
func TestTrace(t *testing.T) {
	_, c := kafka(t)
	url := serve(t, gateway.Options{Log: c}) + "/v1/events"
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	got := post(t, url, "application/json", []byte(usage("1", "a")), "traceparent", parent, "tracestate", "x=1")
	r := got.Results[0]
	records, _, err := c.Fetch(t.Context(), stream.Source{Topic: stream.Usage.Topic(), Partition: *r.Partition}, stream.Offset(*r.Offset), 1<<20, time.Second)
	if err != nil || len(records) != 1 || fmt.Sprintf("%s", records[0].Headers) != "[{traceparent "+parent+"} {tracestate x=1}]" {
		t.Errorf("%v: %v", err, records)
	}
	for _, none := range []string{"", "00-1", strings.ToUpper(parent), "00-00000000000000000000000000000000-00f067aa0ba902b7-01"} {
		got := post(t, url, "application/json", []byte(usage("2", "a")), "traceparent", none, "tracestate", "x=1")
		if headers := headersAt(t, c, got.Results[0]); len(headers) != 0 {
			t.Errorf("%q is no trace: %v", none, headers)
		}
	}
	logged(t, c) // and it is the event it was
}

// TestWarnings: what the consumer may refuse is taken, and said.
func TestWarnings(t *testing.T) {
	_, c := kafka(t)
	book, err := pricebook.Parse([]byte(`{"version":"v1","currency":"USD","products":[{"product":"chat","line":"api","meters":{"in":[{"effective_from":"2026-11-01T00:00:00Z","unit":1,"price":"1"}]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) event.Time {
		parsed, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return event.TimeOf(parsed)
	}
	var outlook request.Outlook
	url := serve(t, gateway.Options{Log: c, Outlook: func() request.Outlook { return outlook }}) + "/v1/events"
	other := strings.NewReplacer(`"chat"`, `"other"`).Replace(usage("1", "a"))
	unpriced := strings.NewReplacer(`"in"`, `"out"`).Replace(usage("1", "a"))
	for _, x := range []struct {
		body    string
		outlook request.Outlook
		want    event.Reason
	}{
		{usage("1", "a"), request.Outlook{}, ""},
		{usage("1", "a"), request.Outlook{Clock: at("2026-11-23T07:31:00Z"), Book: book, Known: true}, ""},
		{usage("1", "a"), request.Outlook{Clock: at("2026-11-23T07:26:05Z"), Book: book, Known: true}, event.TooNew},
		{usage("1", "a"), request.Outlook{Clock: at("2026-12-28T07:31:06Z"), Book: book, Known: true}, event.TooOld},
		{usage("1", "a"), request.Outlook{Known: true}, event.UnknownProduct},
		{other, request.Outlook{Book: book, Known: true}, event.UnknownProduct},
		{unpriced, request.Outlook{Book: book, Known: true}, event.UnpricedMeter},
		{subscription, request.Outlook{Book: book, Known: true}, ""},
	} {
		outlook = x.outlook
		for _, path := range []string{"", ":validate"} {
			got := post(t, url+path, "application/json", []byte(x.body))
			if got.status != http.StatusAccepted || (x.want == "") != (len(got.Results[0].Warnings) == 0) || x.want != "" && got.Results[0].Warnings[0].Reason != x.want {
				t.Errorf("%s %+v: answered %d: %s", path, x, got.status, got.body)
			}
		}
	}
}
