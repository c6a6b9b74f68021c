package worker

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"runrate/consumers/intake"
	"runrate/consumers/snapshots"
	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/money"
	"runrate/internal/stream"
)

// TestBoard: a step that fails is spoken of once it has failed for a while, a halt
// at once; what works again is as before, and a partition that is given up is nobody's.
func TestBoard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		usage, other := stream.Source{Topic: stream.Usage.Topic(), Partition: 1}, stream.Source{Topic: stream.Usage.Topic()}
		b := NewBoard()
		start := time.Now()
		expect := func(when string, want ...Status) {
			t.Helper()
			if got := b.All(); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %v, want %v", when, got, want)
			}
		}
		changed := func() bool {
			select {
			case <-b.Changed():
				return true
			default:
				return false
			}
		}
		expect("empty")
		b.folding(usage)
		b.folding(other)
		if !changed() || changed() {
			t.Error("a change is told once")
		}
		expect("folding", Status{Source: other, Word: Folding, Since: start}, Status{Source: usage, Word: Folding, Since: start})
		b.tried(usage, "write rows", errors.New("code 241"))
		time.Sleep(9 * time.Second)
		b.tried(usage, "write rows", errors.New("code 242"))
		expect("it may pass", Status{Source: other, Word: Folding, Since: start}, Status{Source: usage, Word: Folding, Since: start})
		time.Sleep(time.Second)
		expect("it does not", Status{Source: other, Word: Folding, Since: start}, Status{Source: usage, Word: Stalled, Detail: "write rows: code 242", Since: start})
		b.tried(usage, "write rows", nil)
		expect("it did", Status{Source: other, Word: Folding, Since: start}, Status{Source: usage, Word: Folding, Since: start})
		b.leave(other)
		for range 2 { // looked at again, and no better
			b.halt(&Halted{Store, usage, errors.New("no such table")})
			expect("halted", Status{Source: usage, Word: IsHalted, Reason: Store, Detail: "no such table", Since: start.Add(10 * time.Second)})
			time.Sleep(time.Second)
		}
		if len(b.Halts()) != 1 || !changed() {
			t.Errorf("%v", b.Halts())
		}
		b.folding(usage)
		if len(b.Halts()) != 0 {
			t.Errorf("%v", b.Halts())
		}
	})
}

// TestReasons: each error that ends a partition has its reason in a word.
func TestReasons(t *testing.T) {
	source := stream.Source{Topic: stream.Usage.Topic(), Partition: 1}
	held := broker.Range{First: 10, End: 20}
	for _, c := range []struct {
		err  error
		want Reason
	}{
		{&broker.OutOfRange{Source: source, Offset: 5, Range: held, Known: true}, LogGap},
		{&broker.OutOfRange{Source: source, Offset: 25, Range: held, Known: true}, ForeignLog},
		{&broker.OutOfRange{Source: source, Offset: 5}, LogGap},
		{&broker.Gap{Source: source}, LogGap},
		{&intake.Gap{Source: source}, LogGap},
		{&AnotherLog{Source: source}, ForeignLog},
		{&broker.NoTopic{Topic: source.Topic}, ForeignLog},
		{&LostCommit{errors.New("x")}, CommitLost},
		{&snapshots.Missing{Source: source, Err: errors.New("x")}, SnapshotLost},
		{&snapshots.Missing{Source: source, Err: &broker.OutOfRange{Source: source, Offset: 5, Range: held, Known: true}}, SnapshotLost},
		{fmt.Errorf("flush: %w", money.ErrOverflow), Overflow},
		{&store.Error{Kind: fault.Defect, Err: money.ErrOverflow}, Overflow},
		{&broker.Corrupt{Source: source, Err: errors.New("crc")}, Corrupt},
		{&store.Error{Kind: fault.Setup, Err: errors.New("no table")}, Store},
		{&Halted{PartitionsChanged, source, errors.New("x")}, PartitionsChanged},
	} {
		h := halt(source, fmt.Errorf("fold: %w", c.err))
		if h.Reason != c.want || !errors.Is(h, c.err) {
			t.Errorf("%v: %s, want %s", c.err, h.Reason, c.want)
		}
	}
}
