package subscriptions_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"runrate/consumers/intake"
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/stream"
	"runrate/test/sim"
)

// cases are the awkward ones of MRR and its movements (DEFINITIONS S1 to S8), one
// script each in testdata/definitions.
var cases = []string{
	"upgrade_and_downgrade_on_the_same_day", "second_subscription_in_the_same_line", "cancelling_one_of_two",
	"trial_that_converts", "trial_that_ends", "pause_and_resume", "past_due_then_paid", "unpaid_then_paid",
	"annual_and_weekly_plans", "discount_added_and_removed", "plan_change_with_a_change_of_interval",
	"currency_switch", "reactivation", "event_that_arrives_before_an_earlier_one",
	"cancellation_backdated_by_20_days", "refused_for_being_too_old",
}

// TestDefinitions plays each script, flushed after every record and all at once,
// and compares all movements, the refusals, and the MRR at the named boundaries
// (every key, so that one that should be gone is noticed).
func TestDefinitions(t *testing.T) {
	files, err := filepath.Glob("testdata/definitions/*.txt")
	if err != nil || len(files) != len(cases) {
		t.Fatalf("%d scripts, %d cases: %v", len(files), len(cases), err)
	}
	for _, name := range cases {
		text, err := os.ReadFile(filepath.Join("testdata/definitions", name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		script := sections(string(text))
		for how, cut := range map[string]sim.Cut{"flushed at the end": sim.FoldOn, "flushed after every record": sim.Flush, "restarted after every record": sim.Restart} {
			t.Run(name+"/"+how, func(t *testing.T) { play(t, script, cut) })
		}
	}
}

func play(t *testing.T, script map[string][]string, cut sim.Cut) {
	source := stream.Source{Topic: stream.Subscriptions.Topic()}
	var records []stream.Record
	for i, line := range script["in"] {
		e := parse(t, line)
		e.Source, e.ID = "test", fmt.Sprint(i)
		records = append(records, stream.Record{Offset: stream.Offset(i), Key: []byte(e.Account), Value: e.AppendJSON(nil)})
	}
	tables := &sim.Tables{}
	if err := sim.Drive(tables, sim.Fold(source, 1, intake.DefaultMemory), records, func() sim.Cut { return cut }); err != nil {
		t.Fatal(err)
	}
	views := tables.Views(1, 13, nil)

	var movements []string
	for _, row := range views["mrr_movements"] {
		f := strings.Split(row, "\t")
		movements = append(movements, strings.Join([]string{instant(f[0]), f[1], f[2], f[3], f[4], f[5], short(t, f[6])}, " "))
	}
	same(t, "movements", movements, script["movements"])

	want := map[string][]string{}
	for _, line := range script["mrr"] {
		asOf, rest, _ := strings.Cut(line, " ")
		want[asOf] = append(want[asOf], rest)
	}
	got := map[string][]string{}
	for _, row := range views["mrr"] {
		f := strings.Split(row, "\t")
		got[f[0]] = append(got[f[0]], fmt.Sprintf("%s/%s %s %s of %s", f[1], f[2], f[5], short(t, f[6]), f[7]))
	}
	for asOf, rows := range want {
		same(t, "mrr as of "+asOf, got[asOf], rows)
	}
	if len(want) == 0 && len(got) > 0 {
		t.Errorf("there is MRR: %v", got)
	}

	var refused []string
	for _, row := range views["dead_letters"] {
		refused = append(refused, strings.Split(row, "\t")[3])
	}
	same(t, "refused", refused, script["refused"])
}

// sections are the lines of a script under its headings.
func sections(text string) map[string][]string {
	out := map[string][]string{}
	var heading string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutSuffix(line, ":"); ok && !strings.Contains(name, " ") {
			heading = name
		} else if line != "" {
			out[heading] = append(out[heading], line)
		}
	}
	return out
}

// parse reads "tick TIME" or
// "TIME ACCOUNT SUB LINE/PLAN STATUS QUANTITY x AMOUNT CURRENCY COUNT INTERVAL [DISCOUNT%]".
func parse(t *testing.T, line string) event.Event {
	t.Helper()
	f := strings.Fields(line)
	if f[0] == "tick" {
		return event.Event{Type: event.ClockTicked, Time: at(t, f[1])}
	}
	service, plan, _ := strings.Cut(f[3], "/")
	status, ok := event.ParseStatus(f[4])
	interval, ok2 := event.ParseInterval(f[10])
	amount, err := money.Parse(f[7])
	if !ok || !ok2 || err != nil {
		t.Fatalf("script: %s", line)
	}
	s := &event.Subscription{ID: f[2], Line: service, Plan: plan, Status: status, UnitAmount: amount, Currency: f[8], Interval: interval}
	if _, err := fmt.Sscan(f[5]+" "+f[9], &s.Quantity, &s.IntervalCount); err != nil {
		t.Fatal(err)
	}
	if len(f) > 11 {
		if s.Discount, err = money.ParsePercent(strings.TrimSuffix(f[11], "%")); err != nil {
			t.Fatal(err)
		}
	}
	return event.Event{Type: event.SubscriptionChanged, Account: event.Account(f[1]), Time: at(t, f[0]), Subscription: s}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Clone(got), slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}
