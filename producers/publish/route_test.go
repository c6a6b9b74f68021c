package publish

import (
	"strings"
	"testing"

	"runrate/internal/event"
)

func TestRoute(t *testing.T) {
	for line, want := range map[string]Route{
		`{"type":"usage.recorded","subject":"acct_42"}`:                                   {event.UsageRecorded, "acct_42"},
		`{"subject":"acct_42","data":{"type":"x"},"type":"subscription.changed"}`:         {event.SubscriptionChanged, "acct_42"},
		`{"type":"adjustment.recorded","subject":"\u0061cct\"é"}`:                         {event.AdjustmentRecorded, `acct"é`},
		`{"type":"usage.recorded","subject":""}`:                                          {event.UsageRecorded, ""},
		`{"type":"clock.ticked"}`:                                                         {event.ClockTicked, ""},
		`{"type":"pricebook.published","subject":"ignored"}`:                              {event.PricebookPublished, ""},
		`{"ty\u0070e":"usage.recorded","subject":"a"}`:                                    {event.UsageRecorded, "a"},
		`{"type":"usage.recorded","subject":"a","id":1,"id":2,"source":"` + "\xff" + `"}`: {event.UsageRecorded, "a"},
	} {
		var r router
		if got, err := r.route([]byte(line)); err != nil || got != want {
			t.Errorf("%s: %+v, %v", line, got, err)
		}
	}
	var r router
	for line, want := range map[string]string{
		``:                                       "not a JSON object",
		`[]`:                                     "not a JSON object",
		`"x"`:                                    "not a JSON object",
		`{`:                                      "not JSON",
		`{"type":`:                               "not JSON",
		`{"type"}`:                               "not JSON",
		`{nonsense}`:                             "not JSON",
		`{"a":01}`:                               "not JSON",
		`{"type":"usage.recorded","subject":"a"`: "not JSON",
		`{"type":"usage.recorded","subject":"a"}}`:          "something follows",
		`{"type":"usage.recorded","subject":"a"} {}`:        "something follows",
		`{"type":"usage.recorded","subject":"a","data":{]}`: "not JSON",
		`{"subject":"a"}`:                                               "no type",
		`{"type":5,"subject":"a"}`:                                      "type is no string",
		`{"type":null,"subject":"a"}`:                                   "type is no string",
		`{"type":"usage.deleted","subject":"a"}`:                        `unknown type "usage.deleted"`,
		`{"type":"usage.recorded"}`:                                     "no subject",
		`{"type":"usage.recorded","subject":7}`:                         "subject is no string",
		`{"type":"usage.recorded","subject":"` + "\xff" + `"}`:          "subject is not UTF-8",
		`{"type":"usage.recorded","subject":"a","subject":"b"}`:         "subject is given twice",
		`{"type":"usage.recorded","type":"clock.ticked","subject":"a"}`: "type is given twice",
	} {
		if got, err := r.route([]byte(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v, want %q", line, got, err, want)
		}
	}
}

func BenchmarkRoute(b *testing.B) {
	line := []byte(exampleLine(1))
	var r router
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if _, err := r.route(line); err != nil {
			b.Fatal(err)
		}
	}
}
