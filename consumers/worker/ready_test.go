package worker

import (
	"errors"
	"strings"
	"testing"

	"runrate/internal/stream"
)

// TestReady: joined and restored, and not all halted.
func TestReady(t *testing.T) {
	b := NewBoard()
	expect := func(part string) {
		t.Helper()
		switch err := b.Ready(); {
		case part == "" && err != nil:
			t.Error(err)
		case part != "" && (err == nil || !strings.Contains(err.Error(), part)):
			t.Errorf("said %v, want %q in it", err, part)
		}
	}
	one, two := stream.Source{Topic: stream.Usage.Topic()}, stream.Source{Topic: stream.Usage.Topic(), Partition: 1}
	expect("not joined yet")
	b.Join()
	expect("")
	b.assigned(one)
	b.assigned(two)
	expect("2 of 2 partitions are not restored yet")
	b.folding(one)
	expect("runrate.usage/1 among them")
	b.halt(halt(two, errors.New("refused")))
	expect("") // a halted one must not block the rollout of its fix
	b.halt(halt(one, errors.New("refused")))
	expect("all 2 partitions of runrate.usage")
	if err := (Halts{b, NewBoard()}).All(); err == nil || err.Error() != "all 2 partitions are halted" {
		t.Errorf("every partition halted: %v", err)
	}
	b.leave(one)
	b.leave(two)
	expect("")
}
