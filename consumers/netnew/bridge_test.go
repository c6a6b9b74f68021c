package netnew_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"runrate/consumers/intake"
	"runrate/consumers/netnew"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/test/script"
	"runrate/test/sim"
)

// TestBridge plays scripts of the amounts of accounts, into the rows of net_new_arr
// (DEFINITIONS A5 to A7). A line is
//
//	tick TIME
//	TIME ACCOUNT KIND LINE CURRENCY AMOUNT
//
// The second adds to the account's amount on the day of TIME. KIND says what the
// account is worth at a midnight: of a subscription all amounts before it, of usage
// those of the five days before it. Ten times that is its annual recurring revenue.
func TestBridge(t *testing.T) { script.RunWith(t, "testdata/bridge", 20, playBridge) }

// measures are those of the kinds, by what a script calls them.
var measures = map[string]netnew.Measure{"subscription": {Factor: 10}, "usage": {Window: 5, Factor: 10}}

var sourceOf = map[string]stream.Source{
	"subscription": {Topic: stream.Subscriptions.Topic()}, "usage": {Topic: stream.Usage.Topic()},
}

// bridge is the tracker of one kind, with what a fold has around it.
type bridge struct {
	source   stream.Source
	measure  netnew.Measure
	tracker  *netnew.Tracker[string]
	holdings map[string]*netnew.Holding[string] // by ACCOUNT LINE CURRENCY, which is the owner
	saved    map[string]*saved                  // of each as of the last flush
	closed   calendar.Day                       // the last midnight passed as of then
	progress rows.Progress
	passes   intake.Passes
}

// saved is what snapshots have of a holding.
type saved struct {
	amounts map[calendar.Day]money.Amount
	first   calendar.Day
	ever    bool // first is one
}

func newBridge(kind string) *bridge {
	return &bridge{
		source: sourceOf[kind], measure: measures[kind], tracker: netnew.NewTracker[string](measures[kind]),
		holdings: map[string]*netnew.Holding[string]{}, saved: map[string]*saved{},
	}
}

// step takes one line of a script.
func (b *bridge) step(line string) error {
	offset := b.progress.NextOffset
	b.progress.NextOffset++
	f := strings.Fields(line)
	if f[0] == "tick" {
		at, err := script.Instant(f[1])
		b.progress.Clock, b.progress.Ticked = at, true
		b.passes = append(b.passes, intake.Pass{Clock: at, Offset: offset})
		return err
	}
	if len(f) != 6 {
		return fmt.Errorf("want TIME ACCOUNT KIND LINE CURRENCY AMOUNT")
	}
	at, err := script.Instant(f[0])
	if err != nil {
		return err
	}
	amount, err := money.Parse(f[5])
	if err != nil {
		return err
	}
	b.change(f[1]+" "+f[3]+" "+f[4], at, offset, amount)
	return nil
}

func (b *bridge) change(owner string, at event.Time, offset stream.Offset, amount money.Amount) {
	h := b.holdings[owner]
	if h == nil {
		f := strings.Fields(owner)
		h = b.tracker.Hold(f[1], f[2], owner)
		b.holdings[owner], b.saved[owner] = h, &saved{amounts: map[calendar.Day]money.Amount{}}
	}
	b.tracker.Change(h, calendar.DayOf(at), offset, amount)
}

// flush writes the rows, and saves what the batch says that it changed, no more.
func (b *bridge) flush(ctx context.Context, tables *sim.Tables) error {
	b.closed = calendar.DayOf(b.progress.Clock)
	c, err := b.tracker.Close(b.closed, b.passes)
	if err != nil {
		return err
	}
	if err := tables.Write(ctx, 0, rows.Changes{Source: b.source, Progress: b.progress, NetNew: c.Rows}); err != nil {
		return err
	}
	for _, h := range c.Touched() {
		for d, amount := range h.TouchedDays() {
			b.saved[h.Owner].amounts[d] = amount
		}
	}
	for _, h := range c.Restated() {
		b.saved[h.Owner].first, b.saved[h.Owner].ever = h.First()
	}
	c.Done()
	b.passes = nil
	return nil
}

// restart makes the tracker anew from what is saved.
func (b *bridge) restart() {
	r := netnew.Restore[string](b.measure)
	for owner, s := range b.saved {
		h := r.Hold(b.holdings[owner].Line(), b.holdings[owner].Currency(), owner)
		for d, amount := range s.amounts {
			r.Set(h, d, amount)
		}
		r.SetFirst(h, s.first, s.ever)
		b.holdings[owner] = h
	}
	b.tracker = r.Ready(b.closed)
}

// playBridge plays the lines of each kind into its own tracker, the ticks into both.
func playBridge(t *testing.T, s *script.Script, cut script.Cut) *sim.Tables {
	t.Helper()
	tables := &sim.Tables{}
	for kind := range measures {
		b := newBridge(kind)
		for _, line := range s.Lines("in") {
			tick := strings.HasPrefix(line, "tick ")
			if !tick && !strings.Contains(line, " "+kind+" ") {
				continue
			}
			err := b.step(line)
			then := cut(tick)
			if err == nil && then != sim.FoldOn {
				err = b.flush(t.Context(), tables)
			}
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			if then == sim.Restart {
				b.restart()
			}
		}
		if err := b.flush(t.Context(), tables); err != nil {
			t.Fatal(err)
		}
	}
	return tables
}
