package stream

import (
	"testing"

	"runrate/internal/event"
)

// TestTopicsCarryTheirKind: whoever has a topic has its kind, whatever its name is.
func TestTopicsCarryTheirKind(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Kinds() {
		if k == 0 || k.String() == "" || k.Group() == "" || k.Topic().String() == "" {
			t.Errorf("kind %d: named %q, topic %q, group %q", k, k, k.Topic(), k.Group())
		}
		for _, name := range []string{k.String(), k.Group(), k.Topic().String()} {
			if seen[name] {
				t.Errorf("%q is the name of two things", name)
			}
			seen[name] = true
		}
		if got, ok := KindOf(k.String()); !ok || got != k {
			t.Errorf("KindOf(%q) = %v, %v", k, got, ok)
		}
		if got, ok := InputNamed(k.Topic().String()); !ok || got != k.Topic() {
			t.Errorf("InputNamed(%q) = %v, %v", k.Topic(), got, ok)
		}
		if other := k.Named("elsewhere"); other.Kind() != k || other.String() != "elsewhere" || other == k.Topic() {
			t.Errorf("%s named elsewhere is %s of kind %s", k, other, other.Kind())
		}
	}
	if len(Kinds()) != len(kinds)-1 || len(Inputs()) != len(Kinds()) {
		t.Errorf("%d kinds listed, %d described, %d input topics", len(Kinds()), len(kinds)-1, len(Inputs()))
	}
	for _, name := range []string{"", "elsewhere", Snapshots().String()} {
		if topic, ok := InputNamed(name); ok || Other(name).Kind() != 0 {
			t.Errorf("%q is the input %s", name, topic)
		}
	}
	if _, ok := KindOf("all"); ok {
		t.Error("all is a kind")
	}
}

// TestEveryTypeHasAHome: every type of event that is about an account is held by
// one kind of topic, and control events by all.
func TestEveryTypeHasAHome(t *testing.T) {
	for _, typ := range event.Types() {
		var holders []Kind
		for _, k := range Kinds() {
			if k.Holds(typ) {
				holders = append(holders, k)
			}
		}
		home, ok := Home(typ)
		switch {
		case typ.Control():
			if ok || len(holders) != len(Kinds()) {
				t.Errorf("%s: home %v, held by %v", typ, home, holders)
			}
		case !ok || len(holders) != 1 || holders[0] != home:
			t.Errorf("%s: home %v (%v), held by %v", typ, home, ok, holders)
		}
	}
}

func TestByKind(t *testing.T) {
	p := ByKind("u", "s")
	if p.Of(Usage) != "u" || p.Of(Subscriptions) != "s" {
		t.Error(p)
	}
	defer func() {
		if recover() == nil {
			t.Error("a topic of no kind has something")
		}
	}()
	p.Of(Snapshots().Kind())
}
