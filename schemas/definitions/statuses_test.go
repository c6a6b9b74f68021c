package definitions

import "testing"

func TestParseStatuses(t *testing.T) {
	for text, want := range map[string]Statuses{
		"active": "active", "active,past_due": DefaultStatuses, "past_due,active": DefaultStatuses,
		"unpaid,paused,past_due,active,trialing": "trialing,active,past_due,paused,unpaid",
	} {
		got, err := ParseStatuses(text)
		if err != nil || got != want || got.Check() != nil {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	const may = " is no status that may count: those are trialing, active, past_due, paused, unpaid"
	for text, want := range map[string]string{
		"": `""` + may, "active,": `""` + may, "canceled": `"canceled"` + may, "Active": `"Active"` + may, " active": `" active"` + may,
		"active,active": "active is named twice",
	} {
		if got, err := ParseStatuses(text); err == nil || err.Error() != want || got != "" {
			t.Errorf("%q: %q, %v; want %s", text, got, err, want)
		}
	}
	if Statuses("past_due,active").Check() == nil || Statuses("").Check() == nil {
		t.Error("statuses out of order, or none, are sound")
	}
}

func TestHas(t *testing.T) {
	for _, status := range append(Countable[:], "canceled", "") {
		if got, want := DefaultStatuses.Has(status), status == "active" || status == "past_due"; got != want {
			t.Errorf("%q counts: %v", status, got)
		}
	}
}

func TestWanted(t *testing.T) {
	arr, statuses := ARR{7, 52}, Statuses("active")
	for _, test := range []struct {
		wanted Wanted
		want   Set
	}{
		{Wanted{}, Default}, {Wanted{ARR: &arr}, Set{arr, DefaultStatuses}}, {Wanted{Statuses: &statuses}, Set{DefaultARR, statuses}},
	} {
		if got := test.wanted.Over(Default); got != test.want {
			t.Errorf("%v, want %v", got, test.want)
		}
	}
}
