package consume

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/zap"

	"runrate/internal/money"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

// TestCompare: it tells what a rebuild would change, to the last decimal, and changes
// nothing; a rebuild after it does.
func TestCompare(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 2)
	running := w.consume()
	w.history()
	w.settle()
	places := strings.Fields(w.ask("SELECT arrayStringConcat(groupArray(concat(topic, '/', toString(partition), '@', toString(offset))), ' ') FROM DB.control_records WHERE kind = 'price_book' AND partition = 0 AND topic = 'runrate.usage'"))
	if len(places) != 1 {
		t.Fatalf("the book is at %v", places)
	}
	place, err := stream.Usage.ParsePlace(places[0])
	if err != nil {
		t.Fatal(err)
	}
	change := Change{Without: []stream.Place{place}, Definitions: definitions.Wanted{ARR: &definitions.ARR{WindowDays: 28, Multiplier: 10}}}
	c, err := Compare(t.Context(), stream.Usage.Topic(), "what if", change, w.options(zap.NewNop()))
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("%d to %d as of %s", c.Shown, c.New, c.AsOf)
	for _, r := range append(c.Counts, c.Totals...) {
		text += fmt.Sprintf("\n%s %s %s: %s -> %s", r.View, r.Line, r.Currency, r.Before, r.After)
	}
	for _, d := range c.Days {
		text += fmt.Sprintf("\n%s %s %s: %s -> %s", d.AsOf, d.Line, d.Currency, d.Before, d.After)
	}
	const want = `0 to 1 as of 2026-11-03T00:00:00Z
accepted  : 8 -> 4
duplicate  : 0 -> 0
refused  : 0 -> 4
control  : 6 -> 5
skipped  : 0 -> 1
lost  : 0 -> 0
arr api USD: 10400 -> 4000
rolling_revenue api USD: 800 -> 400
usage_events api USD: 800 -> 400
2026-11-03T00:00:00Z api USD: 10400 -> 4000`
	if text != want {
		t.Errorf("\n%s\nwant\n%s", text, want)
	}
	if got := w.numbers() + " in " + w.ask(shownEpoch); got != numbers+" in 0" {
		t.Errorf("it changed something: %s", got)
	}
	if got := w.ask("SELECT toString(groupArray(epoch)) FROM DB.epoch_entries FINAL WHERE entry = 'abandoned'"); got != "[1]" {
		t.Errorf("abandoned: %s", got)
	}
	if c, err = Compare(t.Context(), stream.Subscriptions.Topic(), "nothing else", Change{}, w.options(zap.NewNop())); err != nil {
		t.Fatal(err)
	}
	if len(c.Totals) != 2 {
		t.Errorf("%+v", c.Totals)
	}
	if len(c.Days) > 0 {
		t.Errorf("days differ: %+v", c.Days)
	}
	for _, r := range append(c.Counts, c.Totals...) {
		if r.Before != r.After || r.View == "mrr" && r.After != money.FromInt(80) {
			t.Errorf("%+v", r)
		}
	}
	trials := definitions.Statuses("trialing")
	change = Change{Definitions: definitions.Wanted{Statuses: &trials}}
	if c, err = Compare(t.Context(), stream.Subscriptions.Topic(), "trials alone", change, w.options(zap.NewNop())); err != nil {
		t.Fatal(err)
	}
	year := money.FromInt(12 * 80)
	if len(c.Days) == 0 {
		t.Error("no day differs where another status counts")
	}
	for _, d := range c.Days {
		if d.Before != year || !d.After.IsZero() {
			t.Errorf("%+v, want %s and nothing", d, year)
		}
	}
	if got := w.ask("SELECT toString(mrr_statuses) FROM DB.definitions"); got != "['active','past_due']" {
		t.Errorf("the statuses are %s", got)
	}
	for _, err := range running.halts() {
		t.Errorf("halted: %s", err)
	}
}
