package simulate

import (
	"context"
	"testing"
	"time"

	"runrate/internal/event"
	"runrate/producers/publish"
)

// caught is a sink that decodes what it is sent.
type caught struct {
	events  []event.Event
	flushed int
}

// SendTo keeps the event, and fails if a consumer would refuse it or find it elsewhere.
func (c *caught) SendTo(_ context.Context, route publish.Route, value []byte) error {
	e, refusal := (&event.Decoder{}).Decode(value)
	if refusal != nil {
		return refusal
	}
	if e.Invalid != nil {
		return e.Invalid
	}
	if e.Type != route.Type || string(e.Account) != route.Subject {
		return &event.Refusal{Detail: "it is routed elsewhere"}
	}
	c.events = append(c.events, e)
	return nil
}

// Flush counts.
func (c *caught) Flush(context.Context) error { c.flushed++; return nil }

// TestLive: as many events as the rate says, all about now, ticks in front of
// them, each event known, after the history's end.
func TestLive(t *testing.T) {
	m := company(t, small(3))
	live := Live{Model: m, Rate: 100, Ticks: true}
	if err := live.Run(t.Context(), &caught{}, time.Second); err == nil {
		t.Error("a company without a history goes on")
	}
	if err := m.Discard(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := m.Config().End().UTC().Add(90 * time.Minute)
	beat := make(chan time.Time)
	close(beat)
	live = Live{Model: m, Rate: 100, Ticks: true, Beat: beat, Now: func() time.Time {
		now = now.Add(time.Millisecond)
		return now
	}}
	var sink caught
	if err := live.Run(t.Context(), &sink, 30*time.Second); err != nil {
		t.Fatal(err)
	}
	if sink.flushed != 1 {
		t.Errorf("flushed %d times", sink.flushed)
	}
	types, seen := map[event.Type]int{}, map[[16]byte]int{}
	var clock event.Time
	for _, e := range sink.events {
		if e.Type == event.ClockTicked {
			clock = e.Time
			types[e.Type]++
			if e.Jump != (types[e.Type] == 1) {
				t.Errorf("tick %d: jump is %v", types[e.Type], e.Jump)
			}
			continue
		}
		if d := e.Time - clock; d < -2*event.Second || d > 2*event.Second {
			t.Errorf("%s while the clock stands at %s", e.Time, clock)
		}
		if e.Source != liveSource {
			t.Errorf("source %s", e.Source)
		}
		if seen[e.Identity()]++; seen[e.Identity()] == 1 {
			types[e.Type]++
		}
	}
	sent := types[event.UsageRecorded] + types[event.SubscriptionChanged]
	if sent < 2900 || sent > 3100 || types[event.SubscriptionChanged] == 0 || len(seen) != sent {
		t.Errorf("%v in 30 s at 100 a second", types)
	}
	if n := types[event.ClockTicked]; n < 29 || n > 32 {
		t.Errorf("%d ticks in 30 s", n)
	}
	if len(sink.events) == sent+types[event.ClockTicked] {
		t.Error("no duplicates")
	}
	if err := (&Live{Model: m}).Run(t.Context(), &sink, time.Second); err == nil {
		t.Error("a rate of 0 is taken")
	}
}

// TestLiveEnds: the end of its context is no error.
func TestLiveEnds(t *testing.T) {
	m := company(t, small(3))
	if err := m.Discard(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var sink caught
	if err := (&Live{Model: m, Rate: 1}).Run(ctx, &sink, 0); err != nil || sink.flushed != 1 {
		t.Errorf("%v, flushed %d times", err, sink.flushed)
	}
}
