package store

import (
	"context"
	"fmt"
	"testing"

	"runrate/internal/event"
	"runrate/internal/fault"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

func usageEvent(account string, time event.Time, id string, version stream.Offset) rows.UsageEvent {
	e := rows.UsageEvent{Account: event.Account(account), Time: time, Dimensions: chat, Source: "gw", ID: id,
		Type: event.UsageRecorded, Version: version}
	e.Identity = keyOf(e).Identity
	return e
}

func keyOf(e rows.UsageEvent) EventKey {
	identity := (&event.Event{Account: e.Account, Source: e.Source, ID: e.ID, Time: e.Time}).Identity()
	return EventKey{Account: e.Account, Time: e.Time, Identity: identity}
}

func TestSeenAndRecent(t *testing.T) {
	s := open(t)
	noon := at("2026-01-01T12:00:00Z")
	early := usageEvent("a", noon-1, "1", 3)
	onTime := usageEvent("a", noon, "1", 4) // the same id at another time is another event
	late := usageEvent("b", noon+event.Hour, "2", 9)
	ahead := usageEvent("b", noon, "3", 10) // at the offset asked for: written, not committed
	elsewhere := usageEvent("c", noon, "4", 5)
	rebuilt := usageEvent("d", noon, "5", 5)
	never := usageEvent("a", noon, "6", 0)
	write(t, s, 0, rows.Changes{Source: usage0, UsageEvents: seq(early, onTime, late, ahead), Progress: ticked(11, "2026-01-01T12:00:00Z")})
	write(t, s, 0, rows.Changes{Source: usage0, UsageEvents: seq(onTime), Progress: ticked(11, "2026-01-01T12:00:00Z")})
	write(t, s, 0, rows.Changes{Source: usage1, UsageEvents: seq(elsewhere), Progress: ticked(11, "2026-01-01T12:00:00Z")})
	write(t, s, 1, rows.Changes{Source: usage0, UsageEvents: seq(rebuilt), Progress: ticked(11, "2026-01-01T12:00:00Z")})

	var keys []EventKey
	for _, e := range []rows.UsageEvent{early, onTime, late, ahead, elsewhere, rebuilt, never} {
		keys = append(keys, keyOf(e))
	}
	found, err := s.Seen(t.Context(), 0, usage0, keys, 10)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, true, true, false, false, false, false} {
		if _, got := found[keys[i].Identity]; got != want {
			t.Errorf("key %d: seen %v, want %v", i, got, want)
		}
	}
	if found, err = s.Seen(t.Context(), 0, usage0, nil, 10); err != nil || len(found) != 0 {
		t.Errorf("no keys: %v, %v", found, err)
	}

	recent := map[[16]byte]event.Time{}
	for k, err := range s.Recent(t.Context(), 0, usage0, noon, 10) {
		if err != nil {
			t.Fatal(err)
		}
		recent[k.Identity] = k.Time
	}
	if len(recent) != 2 || recent[keys[1].Identity] != noon || recent[keys[2].Identity] != noon+event.Hour {
		t.Errorf("recent: %v", recent)
	}
	for _, err := range s.Recent(t.Context(), 0, usage0, noon, 10) {
		if err != nil {
			t.Fatal(err)
		}
		break // the query ends with the loop
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range s.Recent(ended, 0, usage0, noon, 10) {
		if fault.KindOf(err) != fault.Canceled {
			t.Errorf("canceled: %v", err)
		}
	}
	if _, err := s.Seen(ended, 0, usage0, keys, 10); fault.KindOf(err) != fault.Canceled {
		t.Errorf("canceled: %v", err)
	}
}

// More keys than one query takes, and more rows than one block has.
func TestSeenMany(t *testing.T) {
	s := open(t)
	const n = 2*seenKeys + 7
	start := at("2026-01-01T00:00:00Z")
	nth := func(i int) rows.UsageEvent {
		return usageEvent(fmt.Sprintf("acct_%d", i%9973), start+event.Time(i)*event.Second, fmt.Sprint(i), stream.Offset(i))
	}
	write(t, s, 0, rows.Changes{Source: usage0, Progress: ticked(n, "2026-01-02T00:00:00Z"), UsageEvents: func(yield func(rows.UsageEvent) bool) {
		for i := range n {
			if !yield(nth(i)) {
				return
			}
		}
	}})
	keys := make([]EventKey, n)
	for i := range keys {
		keys[i] = keyOf(nth(i))
	}
	found, err := s.Seen(t.Context(), 0, usage0, keys, n-5)
	if err != nil || len(found) != n-5 {
		t.Errorf("found %d of %d: %v", len(found), n-5, err)
	}
	known := 0
	for _, err := range s.Recent(t.Context(), 0, usage0, start, n-5) {
		if err != nil {
			t.Fatal(err)
		}
		known++
	}
	if known != n-5 {
		t.Errorf("recent: %d of %d", known, n-5)
	}
}
