package consume

import (
	"context"
	"errors"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"runrate/internal/stream"
)

const shownEpoch = "SELECT toString(epoch) FROM DB.epochs WHERE topic = 'runrate.usage' AND shown"

// more is what comes later: 100 USD of one account.
func (w *pipeline) more(id string) {
	w.t.Helper()
	c := w.client()
	n, err := c.Partitions(w.t.Context(), stream.Usage.Topic())
	if err != nil {
		w.t.Fatal(err)
	}
	w.append(c, stream.Usage.Topic(), stream.Partition([]byte("acct_1"), n), "acct_1",
		`{"specversion":"1.0","type":"usage.recorded","source":"t","id":"`+id+`","time":"2026-11-02T11:00:00Z","subject":"acct_1","data":{"product":"chat","quantities":{"in":1}}}`)
}

func (w *pipeline) revenue() string {
	return w.ask("SELECT toString(sum(revenue)) FROM DB.usage_events")
}

// TestRebuildBesideConsumers: consumers run on meanwhile, and go over by themselves;
// what comes after that is in the numbers that are shown.
func TestRebuildBesideConsumers(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 2)
	running, other := w.consume(), w.consume()
	w.history()
	w.settle()
	for i, want := range []string{"1", "2"} {
		if err := Rebuild(t.Context(), stream.Usage.Topic(), "a test", Change{}, w.options(zap.NewNop())); err != nil {
			t.Fatal(err)
		}
		if got := w.ask(shownEpoch); got != want {
			t.Errorf("epoch %s is shown, want %s", got, want)
		}
		if i == 0 {
			if got := w.numbers(); got != numbers {
				t.Errorf("%s, want %s", got, numbers)
			}
		}
		w.more(want)
		w.settle()
		if got := w.revenue(); got != []string{"900", "1000"}[i] {
			t.Errorf("revenue is %s after rebuild %d and one event", got, i+1)
		}
	}
	// Consumers that were stopped meanwhile go on where the switch says.
	running.stop()
	other.stop()
	if err := Rebuild(t.Context(), stream.Usage.Topic(), "alone", Change{}, w.options(zap.NewNop())); err != nil {
		t.Fatal(err)
	}
	w.more("3")
	started := w.consume()
	w.settle()
	if got := w.revenue() + " in " + w.ask(shownEpoch); got != "1100 in 3" {
		t.Errorf("%s, want 1100 in 3", got)
	}
	for _, c := range []consumer{running, other, started} {
		for _, err := range c.halts() {
			t.Errorf("halted: %s", err)
		}
	}
}

// TestTwoRebuildsAtOnce: one is done, the other ends at once with a sentence.
func TestTwoRebuildsAtOnce(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 2)
	w.consume()
	w.history()
	w.settle()
	var errs [2]error
	done := make(chan int)
	for i := range errs {
		go func() {
			errs[i] = Rebuild(t.Context(), stream.Usage.Topic(), "at once", Change{}, w.options(zap.NewNop()))
			done <- i
		}()
	}
	first := <-done
	second := <-done
	var busy *Busy
	if !errors.As(errs[first], &busy) || errs[second] != nil {
		t.Fatalf("the first to end: %v, the second: %v", errs[first], errs[second])
	}
	if !strings.Contains(errs[first].Error(), "a rebuild of runrate.usage is running (") {
		t.Errorf("it says: %v", errs[first])
	}
	if got := w.numbers() + " in " + w.ask(shownEpoch); got != numbers+" in 1" {
		t.Error(got)
	}
}

// TestRebuildEndsEarly: wherever it ends, the numbers stay, consumers go on, and the
// next one is whole, under an epoch of its own.
func TestRebuildEndsEarly(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 2)
	running := w.consume()
	w.history()
	w.settle()
	for _, c := range []struct{ at, shown string }{
		{"rebuild has its epoch", "0"}, {"begins", "0"}, {"rebuild has caught up", "0"}, {"rebuild is done: the views show it", "4"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		core, _ := observer.New(zapcore.InfoLevel)
		logger := zap.New(core, zap.Hooks(func(e zapcore.Entry) error {
			if e.Message == c.at {
				cancel()
			}
			return nil
		}))
		err := Rebuild(ctx, stream.Usage.Topic(), "ends early", Change{}, w.options(logger))
		if ctx.Err() == nil {
			t.Fatalf("it did not get to %q: %v", c.at, err)
		}
		cancel()
		if got := w.ask(shownEpoch); got != c.shown {
			t.Errorf("after %q epoch %s is shown, want %s: %v", c.at, got, c.shown, err)
		}
		w.more(c.at)
	}
	if err := Rebuild(t.Context(), stream.Usage.Topic(), "whole", Change{}, w.options(zap.NewNop())); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if got := w.revenue() + " in " + w.ask(shownEpoch); got != "1200 in 5" {
		t.Errorf("%s, want 1200 in 5", got)
	}
	if got := w.ask("SELECT toString(groupArray(epoch)) FROM (SELECT epoch FROM DB.epoch_entries FINAL WHERE entry = 'abandoned' ORDER BY epoch)"); got != "[2,3]" {
		t.Errorf("abandoned: %s", got)
	}
	for _, err := range running.halts() {
		t.Errorf("halted: %s", err)
	}
}
