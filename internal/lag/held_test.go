package lag

import (
	"strings"
	"testing"

	"runrate/internal/stream"
	"runrate/test/transact"
)

// TestHeldBack: who waits is told of what is not waited for, and by whom it is held.
func TestHeldBack(t *testing.T) {
	k, c := start(t)
	appendTo(t, c, 1, 5)
	held, err := HeldBack(t.Context(), c, stream.Usage.Topic())
	if err != nil || len(held) != 0 {
		t.Fatalf("no transaction: %v, %v", held, err)
	}
	p := transact.New(t, "hanging", k.ListenAddrs()...).Begin().Send(stream.Source{Topic: stream.Usage.Topic(), Partition: 1}, transact.Message{Value: []byte("x")})
	appendTo(t, c, 1, 2)
	held, err = HeldBack(t.Context(), c, stream.Usage.Topic())
	if err != nil || len(held) != 1 || held[0].At != 5 || held[0].End != 8 || held[0].By == nil {
		t.Fatalf("%v, %v", held, err)
	}
	if s := held[0].String(); !strings.HasPrefix(s, "runrate.usage/1: an open transaction of producer ") || !strings.HasSuffix(s, " holds the log back at 5: 3 offsets from there on are not waited for") {
		t.Error(s)
	}
	p.Abort()
	if held, err = HeldBack(t.Context(), c, stream.Usage.Topic()); err != nil || len(held) != 0 {
		t.Errorf("it is over: %v, %v", held, err)
	}
}
