package gateway_test

import (
	"encoding/json"
	"testing"

	"runrate/internal/event"
	"runrate/producers/gateway/request"
)

// FuzzRead: whatever a body is, its events are judged as the consumer judges the records
// that they become, and none panics.
func FuzzRead(f *testing.F) {
	for form := request.Structured; form <= request.Binary; form++ {
		f.Add(byte(form), []byte(usage("1", "a")))
		f.Add(byte(form), []byte("["+usage("1", "a")+","+tick+"]"))
		f.Add(byte(form), []byte(usage("1", "a")+"\n{}\n[]\n"+subscription))
		f.Add(byte(form), []byte(`{"product":"chat","quantities":{"in":1}}`))
	}
	attributes := request.Attributes(map[string][]string{"Ce-Specversion": {"1.0"}, "Ce-Type": {"usage.recorded"}, "Ce-Id": {"1"}, "Ce-Source": {"s"}, "Ce-Subject": {"a"}, "Ce-Time": {"2026-11-23T07:31:05Z"}})
	var consumer event.Decoder
	f.Fuzz(func(t *testing.T, form byte, body []byte) {
		if form < byte(request.Structured) || form > byte(request.Binary) {
			return
		}
		headers := attributes
		if request.Form(form) != request.Binary {
			headers = nil
		}
		reader := request.Reader{Limits: request.DefaultLimits}
		items, err := reader.Read(request.Form(form), headers, body)
		if err != nil && len(items) > 0 {
			t.Fatalf("%v, and %d events", err, len(items))
		}
		for _, item := range items {
			e, bad := consumer.DecodeRecord(item.Headers, item.Value)
			if bad == nil {
				bad = e.Invalid
			}
			if item.Refusal == nil && (bad != nil || e.ID != item.ID || e.Type != item.Event.Type) {
				t.Fatalf("taken, and the consumer says %v of %s", bad, item.Value)
			}
			if _, err := json.Marshal(item.Refusal); err != nil {
				t.Fatal(err)
			}
		}
	})
}
