package snapshots_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"runrate/consumers/snapshots"
	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/lag"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
	"runrate/test/sim"
)

var (
	labels = snapshots.Labels{Source: stream.Source{Topic: stream.Usage.Topic(), Partition: 3}, Epoch: 2, Settings: "28 x 13"}
	now    = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
)

// part is a record that carries a number as its accepted count.
func part(n int64) *snapshot.Record {
	return &snapshot.Record{State: &snapshot.Record_Usage{Usage: &snapshot.UsageState{Progress: &snapshot.Progress{Accepted: n}}}}
}

func parts(ns ...int64) func(func(*snapshot.Record) bool) {
	return func(yield func(*snapshot.Record) bool) {
		for _, n := range ns {
			if !yield(part(n)) {
				return
			}
		}
	}
}

func put(t *testing.T, c *snapshots.Chain, log snapshots.Appender, next stream.Offset, base bool, ns ...int64) {
	t.Helper()
	if err := c.Append(t.Context(), log, next, base, now, parts(ns...)); err != nil {
		t.Fatal(err)
	}
}

func restore(log snapshots.Fetcher, l snapshots.Labels, p snapshots.Pointer, atMost stream.Offset) (next stream.Offset, ns []int64, chain *snapshots.Chain, err error) {
	next, chain, err = snapshots.Restore(context.Background(), log, l, p, atMost, func(r *snapshot.Record) error {
		ns = append(ns, r.GetUsage().Progress.Accepted)
		return nil
	})
	return next, ns, chain, err
}

// TestChainIsFollowed: a chain comes back in its order, whatever else is in the
// log: another source's records, an append that was tried twice, a worker that has
// lost its partition and goes on appending.
func TestChainIsFollowed(t *testing.T) {
	log := sim.NewLog(nil)
	other := labels
	other.Source.Topic = stream.Subscriptions.Topic()
	mine, others, zombie := snapshots.NewChain(labels), snapshots.NewChain(other), snapshots.NewChain(labels)
	put(t, others, log, 1, true, 99)
	put(t, zombie, log, 5, true, -1, -2)
	put(t, mine, log, 10, true, 1, 2, 3)
	put(t, zombie, log, 6, false, -3)
	abandoned := *mine
	put(t, &abandoned, log, 20, false, -4) // its answer was lost
	put(t, mine, log, 20, false, 4)
	put(t, others, log, 2, false, 98)
	put(t, mine, log, 30, false, 5, 6)
	put(t, zombie, log, 31, false, -5)

	p, ok := mine.Pointer()
	if !ok || len(p.String()) > 200 {
		t.Fatalf("pointer %s, %v", p, ok)
	}
	back, err := snapshots.ParsePointer(p.String())
	if err != nil || back.String() != p.String() {
		t.Fatalf("%v, %v", back, err)
	}
	for _, owes := range []bool{true, false} { // as lag reads it in the commit
		mine.Owe(owes)
		p, _ := mine.Pointer()
		commit := broker.Commit{Set: true, Next: 30, Metadata: p.String()}
		if got := (lag.Partition{Commit: commit}).Owes(); got != owes {
			t.Errorf("%s owes: %v", p, got)
		}
	}
	for _, c := range []struct {
		atMost, next stream.Offset
		want         []int64
	}{{30, 30, []int64{1, 2, 3, 4, 5, 6}}, {29, 20, []int64{1, 2, 3, 4}}, {20, 20, []int64{1, 2, 3, 4}}, {19, 10, []int64{1, 2, 3}}} {
		next, got, _, err := restore(log, labels, p, c.atMost)
		if err != nil || next != c.next || !slices.Equal(got, c.want) {
			t.Errorf("at most %d: state at %d: %v, %v; want %d: %v", c.atMost, next, got, err, c.next, c.want)
		}
	}
	// What is appended to a chain that was cut off goes on from the cut.
	_, _, cut, err := restore(log, labels, p, 25)
	if err != nil {
		t.Fatal(err)
	}
	put(t, cut, log, 22, false, 7)
	p, _ = cut.Pointer()
	if next, got, _, err := restore(log, labels, p, 100); err != nil || next != 22 || !slices.Equal(got, []int64{1, 2, 3, 4, 7}) {
		t.Errorf("after a cut: %d: %v, %v", next, got, err)
	}
}

// TestBaseBeginsAnew: a base replaces all that was before it.
func TestBaseBeginsAnew(t *testing.T) {
	log := sim.NewLog(nil)
	c := snapshots.NewChain(labels)
	if !c.WantsBase(now) {
		t.Error("a chain without a base wants none")
	}
	put(t, c, log, 10, true, 1)
	if c.WantsBase(now.Add(time.Hour)) || !c.WantsBase(now.Add(25*time.Hour)) {
		t.Error("a base is to be a day old, at the most")
	}
	put(t, c, log, 20, false, 2)
	put(t, c, log, 30, true, 3)
	p, _ := c.Pointer()
	if next, got, _, err := restore(log, labels, p, 100); err != nil || next != 30 || !slices.Equal(got, []int64{3}) {
		t.Errorf("%d: %v, %v", next, got, err)
	}
}

// TestMissing: what is not there, or not the same, is Missing, and says how to go
// on.
func TestMissing(t *testing.T) {
	log := sim.NewLog(nil)
	c := snapshots.NewChain(labels)
	put(t, c, log, 10, true, 1, 2)
	put(t, c, log, 20, false, 3)
	p, _ := c.Pointer()
	partition := stream.Source{Topic: stream.Snapshots(), Partition: labels.Source.Partition}
	for _, x := range []struct {
		name   string
		labels func(*snapshots.Labels)
		point  func(*snapshots.Pointer)
		atMost stream.Offset
		trim   stream.Offset
		want   string
	}{
		{name: "another epoch", labels: func(l *snapshots.Labels) { l.Epoch = 3 }, atMost: 20, want: "it is of logic epoch 2, not 3"},
		{name: "other settings", labels: func(l *snapshots.Labels) { l.Settings = "30 x 12" }, atMost: 20, want: `"28 x 13" and the worker runs with "30 x 12"`},
		{name: "nothing so old", atMost: 9, want: "no state at offset 9 or before"},
		{name: "beyond the end", point: func(p *snapshots.Pointer) { p.Last = 7 }, atMost: 20, want: "the log ends at 3"},
		{name: "not the beginning", point: func(p *snapshots.Pointer) { p.First = 1 }, atMost: 20, want: "names 0 as the one before it"},
		{name: "deleted", trim: 1, atMost: 20, want: "the log holds 1 up to 3"},
	} {
		l, q := labels, p
		if x.labels != nil {
			x.labels(&l)
		}
		if x.point != nil {
			x.point(&q)
		}
		if x.trim > 0 {
			log.Trim(partition, x.trim)
		}
		_, _, _, err := restore(log, l, q, x.atMost)
		var missing *snapshots.Missing
		if !errors.As(err, &missing) || fault.Passes(err) || !strings.Contains(err.Error(), x.want) || !strings.Contains(err.Error(), "runrate rebuild") {
			t.Errorf("%s: %v, want %q", x.name, err, x.want)
		}
	}
	for _, bad := range []string{"", "begin", "{}", `{"first":3,"last":2}`, `{"first":-1,"last":2}`} {
		if p, err := snapshots.ParsePointer(bad); err == nil {
			t.Errorf("metadata %q is the pointer %s", bad, p)
		}
	}
}

// TestFailedAppend: an append that fails half way leaves the chain where it was.
func TestFailedAppend(t *testing.T) {
	log := sim.NewLog(nil)
	c := snapshots.NewChain(labels)
	put(t, c, log, 10, true, 1)
	was, _ := c.Pointer()
	fails := &failing{Log: log, after: 1}
	if err := c.Append(t.Context(), fails, 20, false, now, parts(2, 3)); err == nil {
		t.Fatal("no error")
	}
	if p, _ := c.Pointer(); p.String() != was.String() {
		t.Errorf("the chain moved to %s", p)
	}
	put(t, c, log, 20, false, 2, 3)
	p, _ := c.Pointer()
	if _, got, _, err := restore(log, labels, p, 20); err != nil || !slices.Equal(got, []int64{1, 2, 3}) {
		t.Errorf("%v, %v", got, err)
	}
}

// TestAny: Any tells a group that lost its commit from a new one.
func TestAny(t *testing.T) {
	log := sim.NewLog(nil)
	c := snapshots.NewChain(labels)
	put(t, c, log, 10, true, 1)
	for epoch, want := range map[uint32]bool{2: true, 3: false} {
		l := labels
		l.Epoch = epoch
		if got, err := snapshots.Any(t.Context(), log, l, 0, 1); err != nil || got != want {
			t.Errorf("epoch %d: %v, %v", epoch, got, err)
		}
	}
	l := labels
	l.Source.Topic = stream.Subscriptions.Topic()
	if got, err := snapshots.Any(t.Context(), log, l, 0, 1); err != nil || got {
		t.Errorf("another source: %v, %v", got, err)
	}
}

// failing is a log that is away after so many appends.
type failing struct {
	*sim.Log
	after int
}

// Append appends, or fails when it is away.
func (f *failing) Append(ctx context.Context, topic stream.Topic, partition int32, messages []broker.Message) (stream.Offset, error) {
	if f.after == 0 {
		return 0, fmt.Errorf("away")
	}
	f.after--
	return f.Log.Append(ctx, topic, partition, messages)
}
