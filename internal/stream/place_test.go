package stream

import "testing"

// TestParsePlace reads what String says, and tells what is wrong otherwise.
func TestParsePlace(t *testing.T) {
	for _, want := range []Place{
		{Source{Usage.Topic(), 0}, 0}, {Source{Subscriptions.Topic(), 2147483647}, 9223372036854775807},
	} {
		if got, err := ParsePlace(want.String()); err != nil || got != want {
			t.Errorf("%s: %v, %v", want, got, err)
		}
	}
	for _, text := range []string{"", "runrate.usage", "runrate.usage/0", "runrate.usage/@1", "runrate.usage/0@", "runrate.usage/-1@1",
		"runrate.usage/0@-1", "runrate.usage/0@x", "runrate.snapshots/0@1", "runrate.usage/4294967296@1", "runrate.usage/0@1@2"} {
		if got, err := ParsePlace(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
