package worker_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"runrate/consumers/snapshots"
	"runrate/consumers/state"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
	"runrate/test/sim"
)

// huge are the states of two keys, each within its bound, that together are more
// than net_new_arr holds, by topic.
func huge(t *testing.T, progress *snapshot.Progress) map[stream.Topic]*snapshot.Record {
	t.Helper()
	a, err := money.Parse("5000000000000000000000000")
	if err != nil {
		t.Fatal(err)
	}
	amount, at := state.Encode(a), event.TimeOf(march1)
	usage := &snapshot.UsageState{Progress: progress, Accounts: []*snapshot.UsageAccount{{Account: "a"}}}
	subscriptions := &snapshot.SubscriptionState{Progress: progress}
	for _, name := range []string{"one", "two"} {
		usage.Series = append(usage.Series, &snapshot.Series{Line: "api", Product: name, Currency: "USD",
			Panes: []*snapshot.Pane{{Hour: int32(calendar.HourOf(at)), Revenue: amount, Events: 1, Count: 1}}})
		subscriptions.Changes = append(subscriptions.Changes, &snapshot.Change{Account: name, Subscription: "s", Time: int64(at),
			Line: "chat", Plan: "team", Currency: "USD", Status: int32(event.Active), Mrr: amount})
	}
	usage.Accounts[0].Holdings = []*snapshot.Holding{{Line: "api", Currency: "USD",
		Days: []*snapshot.DayRevenue{{Day: int32(calendar.DayOf(at)), Revenue: state.Encode(a.Plus(a))}}}}
	return map[stream.Topic]*snapshot.Record{
		stream.Usage.Topic():         {State: &snapshot.Record_Usage{Usage: usage}},
		stream.Subscriptions.Topic(): {State: &snapshot.Record_Subscriptions{Subscriptions: subscriptions}},
	}
}

// TestOverflowStops: a sum that overflows stops the partition before anything of
// the batch is written, and again after a restart.
func TestOverflowStops(t *testing.T) {
	clock := int64(event.TimeOf(march1.Add(time.Hour)))
	progress := &snapshot.Progress{NextOffset: 1, Control: 1, Clock: &clock}
	for topic, part := range huge(t, progress) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(1, topic, 1)
			midnight := []byte(tickAt(instant(24 * time.Hour)))
			w.log = sim.NewLog(map[stream.Source][]stream.Record{w.source: {{Offset: 0, Value: midnight}, {Offset: 1, Value: midnight}}})
			chain := snapshots.NewChain(snapshots.Labels{Source: w.source})
			if err := chain.Append(t.Context(), w.log, 1, true, time.Now(), slices.Values([]*snapshot.Record{part})); err != nil {
				t.Fatal(err)
			}
			pointer, _ := chain.Pointer()
			if err := w.log.Commit(t.Context(), w.log.Join(group), w.source, 1, pointer.String()); err != nil {
				t.Fatal(err)
			}
			if err := w.tables.Write(t.Context(), 0, rows.Changes{Source: w.source, Progress: rows.Progress{NextOffset: 1}}); err != nil {
				t.Fatal(err)
			}
			for life := range 2 {
				seam := &sim.Seam{Log: w.log, Tables: w.tables}
				err := w.live(seam)
				if !errors.Is(err, money.ErrOverflow) || !strings.Contains(err.Error(), "overflow: net_new_arr of line") || !strings.Contains(err.Error(), w.source.String()) {
					t.Errorf("%s, life %d: ended with %v", topic, life, err)
				}
				for _, point := range seam.Points() {
					if strings.HasPrefix(point, "insert") || point == "append snapshot" || point == "commit" {
						t.Errorf("%s, life %d: it went on to %q", topic, life, point)
					}
				}
			}
		})
	}
}
