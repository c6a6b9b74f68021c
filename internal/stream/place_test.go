package stream

import "testing"

// TestParsePlace reads what String says, and tells what is wrong otherwise.
func TestParsePlace(t *testing.T) {
	for _, want := range []Place{
		{Source{Usage.Topic(), 0}, 0}, {Source{Subscriptions.Topic(), 2147483647}, 9223372036854775807}, {Source{Usage.Named("runrate.usage.v2"), 3}, 4},
	} {
		if got, err := want.Topic.Kind().ParsePlace(want.String()); err != nil || got != want {
			t.Errorf("%s: %v, %v", want, got, err)
		}
		if in := want.In(Usage.Topic()); in.Topic != Usage.Topic() || in.Partition != want.Partition || in.Offset != want.Offset {
			t.Errorf("%s by another name: %s", want, in)
		}
	}
	for _, text := range []string{"", "runrate.usage", "runrate.usage/0", "runrate.usage/@1", "runrate.usage/0@", "runrate.usage/-1@1", "/0@1",
		"runrate.usage/0@-1", "runrate.usage/0@x", "runrate.usage/4294967296@1", "runrate.usage/0@1@2", "a/b/0@1"} {
		if got, err := Usage.ParsePlace(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

// TestParseSource reads what String says, of an input topic.
func TestParseSource(t *testing.T) {
	for _, topic := range Inputs() {
		if got, err := ParseSource(Source{topic, 7}.String()); err != nil || got != (Source{topic, 7}) {
			t.Errorf("%s: %v, %v", topic, got, err)
		}
	}
	for _, text := range []string{"", "runrate.usage", "runrate.usage/", "runrate.usage/-1", "runrate.usage/x", "runrate.snapshots/0", "runrate.usage/4294967296"} {
		if got, err := ParseSource(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
