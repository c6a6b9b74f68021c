package producers_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
	"runrate/producers"
)

// TestEmitTrace: the trace of Emit's context goes along with the record, and does not
// change what the event is; without one there are no headers.
func TestEmitTrace(t *testing.T) {
	k, p := open(t, producers.Options{Linger: time.Millisecond})
	id, err := trace.TraceIDFromHex("4bf92f3577b34da6a3ce929d0e0e4736")
	if err != nil {
		t.Fatal(err)
	}
	within := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled}))
	traced, plain := usage(t, 7), usage(t, 14) // of one account
	if err := errors.Join(p.Emit(within, traced), p.Emit(t.Context(), plain)); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := broker.Open(broker.Config{Brokers: k.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	source := stream.Source{Topic: stream.Usage.Topic(), Partition: stream.Partition([]byte(traced.Account()), 3)}
	records, _, err := c.Fetch(t.Context(), source, 0, 1<<20, time.Second)
	if err != nil || len(records) != 2 {
		t.Fatalf("%d records: %v", len(records), err)
	}
	if got := fmt.Sprintf("%s %s", records[0].Headers, records[1].Headers); got != "[{traceparent 00-4bf92f3577b34da6a3ce929d0e0e4736-0100000000000000-01}] []" {
		t.Errorf("headers: %s", got)
	}
	var d event.Decoder
	if e, bad := d.DecodeRecord(records[0].Headers, records[0].Value); bad != nil || e.ID != traced.ID() {
		t.Errorf("%v: %+v", bad, e)
	}
}
