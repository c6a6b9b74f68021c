package consume

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"runrate/internal/stream"
	"runrate/internal/views/verify"
)

// failing are the checks of runrate verify that do not prove what they should.
func (w *pipeline) failing() (failing []string) {
	w.t.Helper()
	results, err := verify.Run(w.t.Context(), verify.Options{Conn: w.store.Conn(), Database: w.store.Database(), Log: w.client(), Show: 5, Patience: time.Second})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range results {
		if r.Outcome != verify.Proved {
			failing = append(failing, fmt.Sprintf("%s (%s): %s: %s %+v", r.View, r.Proves, r.Outcome, r.Note, r.Rows))
		}
	}
	return failing
}

// all appends a control record to every partition of both topics.
func (w *pipeline) all(text string) {
	w.t.Helper()
	c := w.client()
	for _, topic := range stream.Inputs() {
		n, err := c.Partitions(w.t.Context(), topic)
		if err != nil {
			w.t.Fatal(err)
		}
		for p := range n {
			w.append(c, topic, p, "", text)
		}
	}
}

// jump is a tick that jumps.
func jump(at string) string {
	return strings.TrimSuffix(tickAt(at), "}") + `,"data":{"jump":true}}`
}

// ahead are the ticks that are ahead of now, as the help of runrate rebuild finds
// them.
func (w *pipeline) ahead(topic stream.Topic) (places []stream.Place) {
	w.t.Helper()
	flags := w.ask("SELECT arrayStringConcat(groupArray(concat('--without ', topic, '/', toString(partition), '@', toString(offset))), '\n') FROM DB.control_records WHERE kind = 'clock' AND time > now() + INTERVAL 1 HOUR AND topic = '" + topic.String() + "'")
	for line := range strings.Lines(flags) {
		p, err := topic.Kind().ParsePlace(strings.TrimPrefix(strings.TrimSpace(line), "--without "))
		if err != nil {
			w.t.Fatal(err)
		}
		places = append(places, p)
	}
	return places
}

// TestRebuildWithout: the way back from a tick of a wrong clock that was accepted
// (finding 15). What it made too_old counts again; what is left out is skipped, by
// consumers and later rebuilds, too.
func TestRebuildWithout(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 2)
	running := w.consume()
	w.history()
	// Ahead of now, and more than the 35 days after the live event: each day more costs rows.
	future := time.Now().UTC().AddDate(0, 0, 14).Format(time.RFC3339)
	w.all(jump(future))
	w.more("live")
	w.settle()
	if got := w.revenue() + ", " + w.ask("SELECT toString(groupArray(toString(reason))) FROM DB.dead_letters"); got != "800, ['too_old']" {
		t.Fatalf("%s: the clock is not ahead", got)
	}
	for _, topic := range stream.Inputs() {
		places := w.ahead(topic)
		if len(places) != 2 {
			t.Fatalf("%d copies in %s", len(places), topic)
		}
		if err := Rebuild(t.Context(), topic, "a tick of the future", Change{Without: places}, w.options(zap.NewNop())); err != nil {
			t.Fatal(err)
		}
	}
	w.settle()
	check := func(when, revenue, skipped string) {
		t.Helper()
		if got := w.revenue(); got != revenue {
			t.Errorf("%s: revenue is %s, want %s", when, got, revenue)
		}
		if got := w.ask("SELECT concat(toString(sum(skipped)), ' skipped, ', toString(sum(refused)), ' refused') FROM DB.accounting"); got != skipped {
			t.Errorf("%s: %s, want %s", when, got, skipped)
		}
		for _, f := range w.failing() {
			t.Errorf("%s: %s", when, f)
		}
	}
	check("rebuilt", "900", "4 skipped, 0 refused")
	if got := w.ask("SELECT toString(arraySort(groupArrayArray(exclusions))) FROM DB.epochs WHERE shown"); !strings.Contains(got, "'runrate.subscriptions/1@") || strings.Count(got, "@") != 4 {
		t.Errorf("the epochs leave out %s", got)
	}
	w.more("under the new epoch")
	w.settle()
	check("consumed", "1000", "4 skipped, 0 refused")

	if err := Rebuild(t.Context(), stream.Usage.Topic(), "inherits", Change{}, w.options(zap.NewNop())); err != nil {
		t.Fatal(err)
	}
	w.settle()
	check("rebuilt again", "1000", "4 skipped, 0 refused")
	if err := Rebuild(t.Context(), stream.Usage.Topic(), "with all", Change{WithAll: true}, w.options(zap.NewNop())); err != nil {
		t.Fatal(err)
	}
	w.settle()
	check("with all", "800", "2 skipped, 2 refused")
	for _, err := range running.halts() {
		t.Errorf("halted: %s", err)
	}
}

// TestRebuildWithoutWhat: only a control record that is there can be left out; the
// sentence names it, and what is shown stays.
func TestRebuildWithoutWhat(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 2)
	w.history()
	usage, subscriptions := stream.Usage.Topic(), stream.Subscriptions.Topic()
	place := func(topic stream.Topic, partition int32, offset stream.Offset) stream.Place {
		return stream.Place{Source: stream.Source{Topic: topic, Partition: partition}, Offset: offset}
	}
	for _, c := range []struct {
		place stream.Place
		says  []string
	}{
		{place(usage, 0, 2), []string{"runrate.usage/0@2 is no control record but usage.recorded of account \"acct_", "control_records"}},
		{place(usage, 2, 0), []string{"runrate.usage/2@0 cannot be left out", "has 2 partitions"}},
		{place(usage, 1, 99), []string{"runrate.usage/1@99 cannot be left out", "the log holds 0 up to "}},
		{place(subscriptions, 0, 0), []string{"runrate.subscriptions/0@0 cannot be left out", "this is a rebuild of runrate.usage"}},
	} {
		err := Rebuild(t.Context(), usage, "wrong", Change{Without: []stream.Place{c.place}}, w.options(zap.NewNop()))
		if err == nil || slices.ContainsFunc(c.says, func(s string) bool { return !strings.Contains(err.Error(), s) }) {
			t.Errorf("%s: %v", c.place, err)
		}
	}
	if got := w.ask("SELECT toString(count()) FROM DB.epochs WHERE switched_at > '2000-01-01'"); got != "0" {
		t.Errorf("%s epochs were switched to", got)
	}
}
