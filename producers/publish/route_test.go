package publish

import (
	"testing"

	"runrate/internal/event"
	"runrate/test/sentences"
)

func TestRoute(t *testing.T) {
	for line, want := range map[string]Route{
		`{"type":"usage.recorded","subject":"acct_42"}`:                                   {event.UsageRecorded, "acct_42"},
		`{"subject":"acct_42","data":{"type":"x"},"type":"subscription.changed"}`:         {event.SubscriptionChanged, "acct_42"},
		`{"type":"adjustment.recorded","subject":"\u0061cct\"é"}`:                         {event.AdjustmentRecorded, `acct"é`},
		`{"type":"usage.recorded","subject":""}`:                                          {event.UsageRecorded, ""},
		`{"type":"clock.ticked"}`:                                                         {event.ClockTicked, ""},
		`{"type":"pricebook.published","subject":"ignored"}`:                              {event.PricebookPublished, ""},
		`{"type":"usage.recorded","subject":"clock.ticked"}`:                              {event.UsageRecorded, "clock.ticked"},
		`{"ty\u0070e":"usage.recorded","subject":"a"}`:                                    {event.UsageRecorded, "a"},
		`{"type":"usage.recorded","subject":"a","id":1,"id":2,"source":"` + "\xff" + `"}`: {event.UsageRecorded, "a"},
	} {
		var r router
		if got, bad := r.route([]byte(line)); bad != nil || got != want {
			t.Errorf("%s: %+v, %v", line, got, bad)
		}
	}
}

// TestRouteRefuses: what is said of lines that have no route.
func TestRouteRefuses(t *testing.T) {
	var r router
	var said []sentences.Said
	for _, line := range []string{
		``,
		`[{"type":"clock.ticked"}]`,
		`"x"`,
		`usage.recorded,acct_42,5`,
		"\x1f\x8b\x08",
		"\x28\xb5\x2f\xfd",
		"\xff\xfe{\x00",
		"{\x00\"\x00",
		`"{\"type\":\"usage.recorded\"}"`,
		`<event/>`,
		`{`,
		`{"type":`,
		`{"type"}`,
		`{nonsense}`,
		`{"a":01}`,
		`{"type":"usage.recorded","subject":"a"`,
		`{"type":"usage.recorded","subject":"a"}}`,
		`{"type":"usage.recorded","subject":"a"} {}`,
		`{"type":"usage.recorded","subject":"a","data":{]}`,
		`{"subject":"a"}`,
		`{"type":5,"subject":"a"}`,
		`{"type":null,"subject":"a"}`,
		`{"type":"usage.deleted","subject":"a"}`,
		`{"type":"usage.recorded"}`,
		`{"type":"usage.recorded","subject":7}`,
		`{"type":"usage.recorded","subject":"` + "\xff" + `"}`,
		`{"type":"usage.recorded","subject":"a","subject":"b"}`,
		`{"type":"usage.recorded","type":"clock.ticked","subject":"a"}`,
	} {
		got, bad := r.route([]byte(line))
		if bad == nil || got != (Route{}) {
			t.Errorf("%s: %+v, %v", line, got, bad)
			continue
		}
		said = append(said, sentences.Said{Of: line, Sentence: bad.Error()})
	}
	sentences.Check(t, "testdata/sentences.txt", said)
}

func BenchmarkRoute(b *testing.B) {
	line := []byte(exampleLine(1))
	var r router
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if _, bad := r.route(line); bad != nil {
			b.Fatal(bad)
		}
	}
}
