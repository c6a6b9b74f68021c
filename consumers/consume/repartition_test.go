package consume

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/repartition"
	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/internal/views/verify"
)

// repartition repartitions both topics.
func (w *pipeline) repartition(partitions int32) {
	w.t.Helper()
	for _, kind := range stream.Kinds() {
		if err := Repartition(w.t.Context(), kind, Repartitioning{Partitions: partitions, Reason: "a test", Still: time.Millisecond}, w.options(zap.NewNop())); err != nil {
			w.t.Fatal(err)
		}
	}
	names, err := w.store.Names(w.t.Context(), stream.Names{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.names = names
}

// proved runs verify, with the log.
func (w *pipeline) proved() {
	w.t.Helper()
	results, err := verify.Run(w.t.Context(), verify.Options{Conn: w.store.Conn(), Database: w.store.Database(), Log: w.client(), Show: 3})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range results {
		if r.Outcome != verify.Proved {
			w.t.Errorf("%s (%s): %s %s %v", r.View, r.Proves, r.Outcome, r.Note, r.Rows)
		}
	}
}

const kafkaTopics = "SELECT toString(groupArray((topic, epoch, kafka_topic, partitions))) FROM (SELECT topic, epoch, kafka_topic, partitions FROM DB.epochs WHERE shown ORDER BY topic)"

// TestRepartition: a topic gets other partitions, more or fewer, while consumers run;
// the numbers stay, and what is published to the new topic counts.
func TestRepartition(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 2)
	running := w.consume()
	w.history()
	w.settle()
	for i, n := range []int32{5, 1} {
		w.repartition(n)
		want := fmt.Sprintf("[('runrate.subscriptions',%[1]d,'runrate.subscriptions.v%[2]d',%[3]d),('runrate.usage',%[1]d,'runrate.usage.v%[2]d',%[3]d)]", i+1, i+2, n)
		if got := w.ask(kafkaTopics); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		w.settle()
		if got := w.numbers(); i == 0 && got != numbers {
			t.Errorf("%s, want %s", got, numbers)
		}
		w.more(fmt.Sprint("later ", n))
		w.settle()
		if got := w.revenue(); got != []string{"900", "1000"}[i] {
			t.Errorf("revenue is %s after one more event", got)
		}
		w.proved()
	}
	for _, err := range running.halts() {
		t.Errorf("halted: %s", err)
	}
	running.stop()
	w.consume() // as it is after a restart
	w.more("after a restart")
	w.settle()
	if got := w.revenue(); got != "1100" {
		t.Errorf("revenue is %s after a restart", got)
	}
}

// TestRepartitionWhatHasGrown: partitions were added, and events published again, of
// which some are on other partitions now. The way out counts each of them once.
func TestRepartitionWhatHasGrown(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 2)
	running := w.consume()
	w.history()
	w.settle()
	w.grow(4)
	w.history()
	within(t, "all is halted", func() bool {
		return w.ask("SELECT toString(countIf(reason = 'partitions_changed')) FROM DB.freshness") == "8"
	})
	w.repartition(4)
	w.settle()
	if got := w.numbers(); got != numbers {
		t.Errorf("%s, want %s", got, numbers)
	}
	if got := w.ask("SELECT concat(toString(sum(accepted)), ' ', toString(sum(duplicate)), ' ', toString(sum(refused))) FROM DB.accounting"); got != "16 16 0" {
		t.Errorf("accepted, duplicate, refused: %s", got)
	}
	within(t, "all goes on by itself", func() bool {
		return w.ask("SELECT toString(countIf(status = 'ok')) FROM DB.freshness") == "8"
	})
	w.proved()
	running.stop()
}

// TestRepartitionLeavesOut: what the old epoch left out is left out of the new one, by the
// name and the offsets of the new topic, and may be taken back; the change is shown
// before the switch; and the record tells which log the new one is.
func TestRepartitionLeavesOut(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 2)
	running := w.consume()
	w.history()
	w.all(jump(time.Now().UTC().AddDate(0, 0, 14).Format(time.RFC3339)))
	w.more("live")
	w.settle()
	usage := stream.Usage.Topic()
	if err := Rebuild(t.Context(), usage, "a tick of the future", Change{Without: w.ahead(usage)}, w.options(zap.NewNop())); err != nil {
		t.Fatal(err)
	}
	w.settle()
	const shown = "SELECT toString(max(epoch)) FROM DB.epochs WHERE shown AND topic = 'runrate.usage'"
	before := w.ask(shown)
	var compared Comparison
	o := w.options(zap.NewNop())
	if err := Repartition(t.Context(), stream.Usage, Repartitioning{Partitions: 3, Still: time.Millisecond, Compared: func(c Comparison) {
		compared = c
		if got := w.ask(shown); got != before {
			t.Errorf("epoch %s is shown before the comparison is", got)
		}
	}}, o); err != nil {
		t.Fatal(err)
	}
	w.names = w.names.With(stream.Usage, "runrate.usage.v2")
	var differs []Compared
	for _, c := range slices.Concat(compared.Totals, compared.Counts) {
		if c.Before != c.After && c.View != "control" && c.View != "skipped" { // one for each partition
			differs = append(differs, c)
		}
	}
	if len(differs) > 0 || compared.AsOf == 0 || len(compared.Totals) == 0 {
		t.Errorf("compared as of %s: %v of %d totals differ", compared.AsOf, differs, len(compared.Totals))
	}
	left := func(when, revenue, exclusions string) {
		t.Helper()
		w.settle()
		if got := w.revenue(); got != revenue {
			t.Errorf("%s: revenue is %s, want %s", when, got, revenue)
		}
		if got := w.ask("SELECT replaceRegexpAll(toString(exclusions), '@[0-9]+', '') FROM DB.epochs WHERE shown AND topic = 'runrate.usage'"); got != exclusions {
			t.Errorf("%s: it leaves out %s, want %s", when, got, exclusions)
		}
		if got := w.ask("SELECT toString(arrayMap(i -> splitByChar('@', i)[1], log_identity)) FROM DB.epochs WHERE shown AND topic = 'runrate.usage'"); got != "['runrate.usage.v2/0','runrate.usage.v2/1','runrate.usage.v2/2']" {
			t.Errorf("%s: the log is known by %s", when, got)
		}
		for _, f := range w.failing() {
			t.Errorf("%s: %s", when, f)
		}
	}
	all := "['runrate.usage.v2/0','runrate.usage.v2/1','runrate.usage.v2/2']"
	left("repartitioned", "900", all)
	w.more("after it")
	left("consumed", "1000", all)
	if err := Rebuild(t.Context(), usage, "inherits", Change{}, o); err != nil {
		t.Fatal(err)
	}
	left("rebuilt", "1000", all)
	if c, err := Compare(t.Context(), usage, "compared", Change{WithAll: true}, w.options(zap.NewNop())); err != nil || sumOf(c, "refused") != "2" {
		t.Errorf("compared with all: %+v, %v", c, err)
	}
	if err := Rebuild(t.Context(), usage, "with all", Change{WithAll: true}, o); err != nil {
		t.Fatal(err)
	}
	left("with all", "800", "[]")
	named := w.ahead(usage)
	for i, p := range named {
		named[i] = p.In(stream.Usage.Named("runrate.usage.v2"))
	}
	if err := Rebuild(t.Context(), usage, "by the name in Kafka", Change{Without: named}, o); err != nil {
		t.Fatal(err)
	}
	left("without, by the name in Kafka", "1000", all)
	var none *NotThere
	if err := Rebuild(t.Context(), usage, "by another name", Change{Without: []stream.Place{named[0].In(stream.Usage.Named("runrate.usage.v3"))}}, o); !errors.As(err, &none) || !strings.Contains(err.Error(), "runrate.usage.v2") {
		t.Errorf("by another name: %v", err)
	}
	for _, err := range running.halts() {
		t.Errorf("halted: %s", err)
	}
}

// sumOf is a count of accounting after a change.
func sumOf(c Comparison, name string) string {
	for _, one := range c.Counts {
		if one.View == name {
			return one.After.String()
		}
	}
	return ""
}

// TestRepartitionRefuses: a topic that somebody writes to, before or while it is
// copied, is left as it was.
func TestRepartitionRefuses(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 2)
	w.consume()
	w.history()
	w.settle()
	o := w.options(zap.NewNop())
	try := func(still time.Duration, meanwhile func()) error {
		t.Helper()
		ended := make(chan error, 1)
		go func() {
			ended <- Repartition(t.Context(), stream.Usage, Repartitioning{Partitions: 3, Reason: "a test", Still: still,
				Copied: func(stream.Topic, repartition.Counts) { t.Error("it was copied") }}, o)
		}()
		if meanwhile != nil {
			meanwhile()
		}
		return <-ended
	}
	var moving *Moving
	if err := try(3*time.Second, func() {
		within(t, "it looks", func() bool {
			_, what, err := (&lock{client: w.client(), kind: stream.Usage}).read(t.Context())
			return err == nil && strings.Contains(what, "still")
		})
		w.more("meanwhile")
	}); !errors.As(err, &moving) || !strings.Contains(err.Error(), "the ticker too") {
		t.Errorf("%v", err)
	}
	if err := Repartition(t.Context(), stream.Usage, Repartitioning{Partitions: 2, Still: time.Millisecond}, o); err == nil || !strings.Contains(err.Error(), "has 2 partitions already") {
		t.Errorf("the same number: %v", err)
	}
	if got := w.ask("SELECT toString(max(epoch)) FROM DB.epochs"); got != "0" {
		t.Errorf("epoch %s was opened", got)
	}
	w.settle()
	if got := w.revenue(); got != "900" {
		t.Errorf("revenue is %s", got)
	}
}

// TestOldTopicIsWatched: what arrives in the topic that was copied is in no number, and
// is complained of.
func TestOldTopicIsWatched(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 1)
	running := w.consume()
	w.history()
	w.settle()
	old := w.client()
	w.repartition(2)
	if err := Rebuild(t.Context(), stream.Usage.Topic(), "it is watched after a rebuild, too", Change{}, w.options(zap.NewNop())); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if _, err := old.Append(context.Background(), stream.Usage.Topic(), 0, []broker.Message{{Value: []byte(tickAt("2026-11-03T01:00:00Z"))}}); err != nil {
		t.Fatal(err)
	}
	within(t, "it is complained of", func() bool {
		return w.ask("SELECT toString(countIf(status = 'stalled' AND detail LIKE '%1 records arrived in runrate.usage after it was copied into runrate.usage.v2%--topic-usage runrate.usage.v2%')) FROM DB.freshness WHERE topic = 'runrate.usage'") == "2"
	})
	running.stop()
}
