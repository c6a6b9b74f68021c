package consume

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"runrate/consumers/fold"
	"runrate/consumers/store"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

// TestOutdated: an epoch is folded anew for other rules or settings than those it was
// folded by, and for nothing else.
func TestOutdated(t *testing.T) {
	thirty := definitions.ARR{WindowDays: 30, Multiplier: 12}
	as := func(rules int, told *definitions.ARR) string {
		e := epoch{Record: store.Record{Topic: stream.Usage.Topic()}, definitions: definitions.Default}
		e.Rules, e.Settings = uint32(rules), e.settings()
		why, yes := Options{Definitions: definitions.Wanted{ARR: told}}.outdated(e)
		return fmt.Sprint(yes, " ", why)
	}
	same := definitions.DefaultARR
	for _, c := range []struct{ got, want string }{
		{as(fold.Rules, nil), "false "},
		{as(fold.Rules, &same), "false "},
		{as(fold.Rules-1, nil), fmt.Sprintf("true the rules of folding are %d, and were %d", fold.Rules, fold.Rules-1)},
		{as(fold.Rules+1, nil), fmt.Sprintf("true the rules of folding are %d, and were %d", fold.Rules, fold.Rules+1)},
		{as(fold.Rules, &thirty), `true the settings are "usage ARR = 12 x 30 days", and were "usage ARR = 13 x 28 days"`},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
}

// TestRefold: what another program folded, by other rules, halts its partitions; one
// that is told to refolds it by itself, and the views show the old numbers until it
// has. So it is with settings.
func TestRefold(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 2)
	first := w.consume()
	w.history()
	w.settle()
	first.stop()
	if err := w.store.Conn().Exec(t.Context(), fmt.Sprintf("ALTER TABLE %s UPDATE rules = %d WHERE entry = 'opened' SETTINGS mutations_sync = 1",
		w.store.Database().Of("epoch_entries"), fold.Rules-1)); err != nil {
		t.Fatal(err)
	}

	old := w.consume()
	within(t, "all four partitions are halted", func() bool { return strings.Count(strings.Join(old.halts(), "\n"), "is halted (rules_changed)") >= 4 })
	for _, err := range old.halts() {
		if !strings.Contains(err, fmt.Sprintf("was folded by the rules %d and this program folds by %d: refold it with `runrate rebuild", fold.Rules-1, fold.Rules)) {
			t.Errorf("halted otherwise: %s", err)
		}
	}
	old.stop()
	if got := w.numbers(); got != numbers {
		t.Errorf("%s, want %s", got, numbers)
	}

	const ours = "SELECT toString(groupArray((topic, epoch, rules))) FROM (SELECT topic, epoch, rules FROM DB.epochs WHERE shown ORDER BY topic)"
	logs, stop := w.refolding(nil)
	want := fmt.Sprintf("[('runrate.subscriptions',1,%d),('runrate.usage',1,%d)]", fold.Rules, fold.Rules)
	within(t, "both topics are folded anew", func() bool { return w.ask(ours) == want })
	w.more("later")
	w.settle()
	if got := w.revenue(); got != "900" {
		t.Errorf("revenue is %s", got)
	}
	stop()
	if n := logs.FilterMessage("the topic is folded anew; the views show the old numbers until that is done").Len(); n != 2 {
		t.Errorf("said %d times", n)
	}

	// Other settings: usage only. ARR is 52 x the 900 of the last seven days, not 13 x.
	_, stop = w.refolding(&definitions.ARR{WindowDays: 7, Multiplier: 52})
	want = fmt.Sprintf("[('runrate.subscriptions',1,%d),('runrate.usage',2,%d)]", fold.Rules, fold.Rules)
	within(t, "usage is folded anew", func() bool { return w.ask(ours) == want })
	if got := w.ask("SELECT toString(sum(usage_arr)) FROM DB.arr WHERE as_of = '2026-11-03 00:00:00'"); got != "46800" {
		t.Errorf("usage ARR is %s", got)
	}
	stop()

	// Other statuses: subscriptions only. Of the 80 a month nothing is of a trial.
	trials := definitions.Statuses("trialing")
	_, stop = w.refoldingBy(definitions.Wanted{Statuses: &trials})
	want = fmt.Sprintf("[('runrate.subscriptions',2,%d),('runrate.usage',2,%d)]", fold.Rules, fold.Rules)
	within(t, "subscriptions are folded anew", func() bool { return w.ask(ours) == want })
	if got := w.ask("SELECT toString((mrr_statuses, (SELECT count() FROM DB.mrr), (SELECT settings FROM DB.epochs WHERE shown AND topic = 'runrate.subscriptions'))) FROM DB.definitions"); got != "(['trialing'],0,'MRR of trialing')" {
		t.Errorf("with trials alone: %s", got)
	}
	for _, f := range w.failing() {
		t.Error(f)
	}
	stop()
}

// refolding is a process that refolds by itself.
func (w *pipeline) refolding(d *definitions.ARR) (*observer.ObservedLogs, func()) {
	return w.refoldingBy(definitions.Wanted{ARR: d})
}

func (w *pipeline) refoldingBy(d definitions.Wanted) (*observer.ObservedLogs, func()) {
	core, logs := observer.New(zapcore.InfoLevel)
	ctx, cancel := context.WithCancel(w.t.Context())
	o := w.options(zap.New(core))
	o.Refold, o.Definitions = true, d
	var running sync.WaitGroup
	for _, topic := range stream.Inputs() {
		running.Go(func() {
			if err := Run(ctx, topic, o); err != nil {
				w.t.Errorf("consume %s: %v", topic, err)
			}
		})
	}
	stop := sync.OnceFunc(func() { cancel(); running.Wait() })
	w.t.Cleanup(stop)
	return logs, stop
}
