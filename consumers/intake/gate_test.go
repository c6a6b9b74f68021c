package intake_test

import (
	"fmt"
	"strings"
	"testing"

	"runrate/consumers/intake"
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
)

var source = stream.Source{Topic: stream.Usage.Topic(), Partition: 2}

const noon = event.Time(1_780_315_200) * event.Second // 2026-06-01T12:00:00Z

func usage(account string, t event.Time, id string) event.Event {
	return event.Event{Type: event.UsageRecorded, Source: "test", ID: id, Account: event.Account(account), Time: t,
		Usage: &event.Usage{Product: "chat", Quantities: []event.Quantity{{Meter: "in", Count: 1}}}}
}

func judged(offset stream.Offset, e event.Event) *intake.Judged {
	return &intake.Judged{Record: stream.Record{Offset: offset, Key: []byte(e.Account)}, Event: e, Identity: e.Identity()}
}

func tick(offset stream.Offset, t event.Time) *intake.Judged {
	return judged(offset, event.Event{Type: event.ClockTicked, Source: "t", ID: "t", Time: t})
}

// jump is a tick that may be far ahead.
func jump(offset stream.Offset, t event.Time) *intake.Judged {
	j := tick(offset, t)
	j.Event.Jump = true
	return j
}

// TestGateRefusesAGap: a gap, in either direction, is an error that names where it
// is, and nothing is counted of the record behind it.
func TestGateRefusesAGap(t *testing.T) {
	for _, c := range []struct{ begin, then stream.Offset }{{0, 1}, {5, 4}, {5, 7}, {5, 0}} {
		g := intake.NewGate(source, intake.DefaultMemory)
		g.Begin(c.begin)
		err := g.Open(c.then)
		if err == nil || !strings.Contains(err.Error(), "runrate.usage/2") || !strings.Contains(err.Error(), fmt.Sprintf("offset %d where %d is due", c.then, c.begin)) {
			t.Errorf("begun at %d, record at %d: %v", c.begin, c.then, err)
		}
		if p := g.Progress(); p.NextOffset != c.begin || p.FirstOffset != c.begin {
			t.Errorf("progress moved: %+v", p)
		}
		if err := g.Open(c.begin); err != nil {
			t.Errorf("the record that is due: %v", err)
		}
		if err := g.Open(c.begin); err == nil {
			t.Error("the same record twice is taken")
		}
	}
}

// TestLateness: DEFINITIONS R6 and R7 to the microsecond, and not before the first
// tick.
func TestLateness(t *testing.T) {
	for _, c := range []struct {
		name string
		at   event.Time
		want event.Reason // "" is a candidate
	}{
		{"5 minutes ahead", noon + 5*event.Minute, ""},
		{"a microsecond more", noon + 5*event.Minute + 1, event.TooNew},
		{"35 days behind", noon - 35*event.Day, ""},
		{"a microsecond more", noon - 35*event.Day - 1, event.TooOld},
	} {
		g := intake.NewGate(source, intake.DefaultMemory)
		if !g.Candidate(judged(0, usage("a", c.at, "1"))) {
			t.Errorf("%s, before the first tick: refused", c.name)
		}
		g.Tick(tick(0, noon))
		g.Tick(tick(1, noon-event.Day)) // the highest counts
		ok := g.Candidate(judged(2, usage("a", c.at, "1")))
		dead := g.DeadLetters()
		switch {
		case ok != (c.want == ""):
			t.Errorf("%s: candidate is %v", c.name, ok)
		case !ok && (len(dead) != 1 || dead[0].Reason != c.want || dead[0].Offset != 2 || !strings.Contains(dead[0].Detail, noon.String())):
			t.Errorf("%s: %+v", c.name, dead)
		}
	}
}

// TestTicksThatAreTooNew: DEFINITIONS R9 to the microsecond: one tick of a wrong
// clock closed the books, since the highest counts and every event after it was too
// old.
func TestTicksThatAreTooNew(t *testing.T) {
	const week = 7 * event.Day
	for _, c := range []struct {
		name    string
		tick    *intake.Judged
		refused bool
	}{
		{"7 days ahead", tick(1, noon+week), false},
		{"a microsecond more", tick(1, noon+week+1), true},
		{"a microsecond more, on purpose", jump(1, noon+week+1), false},
		{"the end of time", tick(1, event.MaxTime-1), true},
		{"the end of time, on purpose", jump(1, event.MaxTime-1), false},
		{"far behind", tick(1, 0), false},
	} {
		g := intake.NewGate(source, intake.DefaultMemory)
		g.Tick(tick(0, noon)) // the first may be anything
		g.Tick(c.tick)
		p, dead := g.Progress(), g.DeadLetters()
		if c.refused {
			if p.Control != 1 || p.Refused != 1 || p.Clock != noon || len(dead) != 1 || dead[0].Reason != event.TooNew || dead[0].Offset != 1 {
				t.Errorf("%s is not refused: %+v %+v", c.name, p, dead)
			}
			if !g.Candidate(judged(2, usage("a", noon, "1"))) {
				t.Errorf("%s closed the books", c.name)
			}
		} else if p.Control != 2 || p.Refused != 0 || len(dead) != 0 || p.Clock != max(noon, c.tick.Event.Time) {
			t.Errorf("%s: %+v %+v", c.name, p, dead)
		}
		if of := g.Batch().Passes; len(of) != 1 && (c.refused || c.tick.Event.Time <= noon) {
			t.Errorf("%s: passes %v", c.name, of)
		}
	}
}

// TestDuplicates: an identity is a duplicate wherever it is found: in this batch,
// in memory, or learnt; and it is asked for exactly when it is in none.
func TestDuplicates(t *testing.T) {
	g := intake.NewGate(source, intake.Memory{Recent: event.Hour, Most: 100})
	g.Tick(tick(0, noon))
	accept := func(j *intake.Judged) {
		t.Helper()
		if err := g.Open(g.Progress().NextOffset); err != nil {
			t.Fatal(err)
		}
		if !g.Candidate(j) {
			t.Fatalf("%s at %s is not a candidate", j.Event.ID, j.Event.Time)
		}
		g.Accept(j)
	}
	duplicate := func(what string, j *intake.Judged) {
		t.Helper()
		before := g.Progress()
		if g.Candidate(j) || g.Progress().Duplicate != before.Duplicate+1 || g.Progress().Refused != before.Refused {
			t.Errorf("%s: not a duplicate: %+v", what, g.Progress())
		}
	}
	asked := func(j *intake.Judged) bool { return len(g.Stragglers([]intake.Judged{*j})) > 0 }

	recent, old := judged(0, usage("a", noon, "recent")), judged(1, usage("a", noon-10*event.Day, "old"))
	accept(recent)
	accept(old)
	duplicate("recent, in the batch", recent)
	duplicate("old, in the batch", old)
	if asked(old) {
		t.Error("asked for before anything was flushed")
	}
	g.Done()
	duplicate("recent, flushed", recent)
	if asked(recent) || !asked(old) {
		t.Errorf("asked: recent %v, old %v", asked(recent), asked(old))
	}
	g.Learn(old.Identity)
	duplicate("old, learnt", old)
	// Too old by now, and still a duplicate: R5 comes before R7 (DEFINITIONS R5).
	g.Tick(jump(9, noon+30*event.Day))
	duplicate("old, learnt, 40 days behind", old)
	// Another time, another event.
	if !g.Candidate(judged(3, usage("a", noon+1, "recent"))) {
		t.Error("the same id at another time is no candidate")
	}
}

// TestMemoryIsBounded: whatever memory holds, the answer is the same; only what is
// asked for grows.
func TestMemoryIsBounded(t *testing.T) {
	g := intake.NewGate(source, intake.Memory{Recent: 1000 * event.Day, Most: 10})
	for i := range 50 {
		if err := g.Open(stream.Offset(i)); err != nil {
			t.Fatal(err)
		}
		g.Accept(judged(stream.Offset(i), usage("a", noon+event.Time(i)*event.Hour, "x")))
	}
	g.Done()
	asked := 0
	for i := range 50 {
		asked += len(g.Stragglers([]intake.Judged{*judged(0, usage("a", noon+event.Time(i)*event.Hour, "x"))}))
	}
	if asked != 40 {
		t.Errorf("%d of 50 are asked for, 10 fit in memory", asked)
	}
}

// TestPasses: a pass names the tick that reached an instant first.
func TestPasses(t *testing.T) {
	g := intake.NewGate(source, intake.DefaultMemory)
	for i, clock := range []event.Time{10, 10, 5, 20, 40} {
		g.Tick(tick(stream.Offset(i), clock))
	}
	for at, want := range map[event.Time]stream.Offset{1: 0, 10: 0, 11: 3, 20: 3, 21: 4, 40: 4} {
		if got := g.Batch().Passes.Of(at); got != want {
			t.Errorf("clock %d is passed at offset %d, want %d", at, got, want)
		}
	}
	if p := g.Progress(); p.Control != 5 || p.Clock != 40 {
		t.Errorf("%+v", p)
	}
}

// TestJudge: the stateless rules in their order, with the sentences of those that
// are judged here.
func TestJudge(t *testing.T) {
	key := func(e event.Event) []byte { return []byte(e.Account) }
	home := func(account string) int32 { return stream.Partition([]byte(account), 4) }
	var here, elsewhere string
	for i := 0; here == "" || elsewhere == ""; i++ {
		if name := fmt.Sprint("acct_", i); home(name) == source.Partition {
			here = name
		} else {
			elsewhere = name
		}
	}
	sub := event.Event{Type: event.SubscriptionChanged, Source: "s", ID: "1", Account: event.Account(here), Time: noon,
		Subscription: &event.Subscription{ID: "s", Line: "l", Plan: "p", Status: event.Active, Currency: "USD", Interval: event.EveryMonth, IntervalCount: 1}}
	empty := usage(elsewhere, noon, "")
	for _, c := range []struct {
		name   string
		key    []byte
		value  []byte
		reason event.Reason
		detail string
	}{
		{"sound", []byte(here), usage(here, noon, "1").AppendJSON(nil), "", ""},
		{"of the other topic", []byte(here), sub.AppendJSON(nil), event.UnknownType, `type is "subscription.changed", which runrate.usage does not hold; send it to runrate.subscriptions`},
		{"another key", []byte("b"), usage(here, noon, "1").AppendJSON(nil), event.WrongPartition, fmt.Sprintf(`the record's key is "b" and the subject %q; they must be equal`, here)},
		{"on the wrong partition, and invalid", key(empty), empty.AppendJSON(nil), event.WrongPartition, fmt.Sprintf("belongs on partition %d (murmur2 of the key, 4 partitions), not on 2", home(elsewhere))},
		{"a tick needs no key", nil, event.Event{Type: event.ClockTicked, Source: "s", ID: "1", Time: noon}.AppendJSON(nil), "", ""},
		{"a bad book", nil, event.Event{Type: event.PricebookPublished, Source: "s", ID: "1", Time: noon, PriceBook: []byte(`{"version":"1"}`)}.AppendJSON(nil), event.Invalid, "data is no valid price book: "},
		{"nothing", nil, nil, event.Malformed, ""},
	} {
		j := judge(source, stream.Record{Key: c.key, Value: c.value})
		switch {
		case c.reason == "" && j.Refusal != nil:
			t.Errorf("%s: %v", c.name, j.Refusal)
		case c.reason != "" && (j.Refusal == nil || j.Refusal.Reason != c.reason || !strings.Contains(j.Refusal.Detail, c.detail)):
			t.Errorf("%s: %v, want %s: %s", c.name, j.Refusal, c.reason, c.detail)
		}
	}
}

// TestAccounting: fetched = accepted + duplicate + refused + control + skipped + lost
// is what a gate counts.
func TestAccounting(t *testing.T) {
	g := intake.NewGate(source, intake.DefaultMemory)
	g.Begin(100)
	open := func() stream.Record {
		r := stream.Record{Offset: g.Progress().NextOffset, Value: []byte("x")}
		if err := g.Open(r.Offset); err != nil {
			t.Fatal(err)
		}
		return r
	}
	open()
	g.Tick(tick(100, noon))
	open()
	g.CountControl()
	j := judged(open().Offset, usage("a", noon, "1"))
	if g.Candidate(j) {
		g.Accept(j)
	}
	open()
	g.Candidate(j)
	g.Refuse(open(), &event.Refusal{Reason: event.Malformed})
	open()
	g.Skip()
	want := rows.Progress{FirstOffset: 100, NextOffset: 106, Accepted: 1, Duplicate: 1, Refused: 1, Control: 2, Skipped: 1, Clock: noon, Ticked: true}
	if g.Progress() != want {
		t.Errorf("got %+v, want %+v", g.Progress(), want)
	}
	again := intake.NewGate(source, intake.DefaultMemory)
	again.Restore(g.Encode())
	if again.Progress() != want || again.Flushed() != 106 {
		t.Errorf("restored: %+v, flushed %d", again.Progress(), again.Flushed())
	}
}

// TestRecallTwice: a read of the recent identities that failed half way begins
// again, and tells some of them twice. They were counted twice, so that others were
// let go.
func TestRecallTwice(t *testing.T) {
	g := intake.NewGate(source, intake.Memory{Recent: event.Hour, Most: 2})
	g.Restore(&snapshot.Progress{NextOffset: 10, Accepted: 2, Clock: new(int64(noon))})
	if since, any := g.RecallSince(); !any || since != noon-event.Hour {
		t.Fatalf("since %s, %v", since, any)
	}
	early, late := judged(10, usage("a", noon-event.Hour, "1")), judged(11, usage("a", noon, "2"))
	for range 2 {
		for _, j := range []*intake.Judged{early, late} {
			g.Recall(j.Identity, j.Event.Time)
		}
	}
	if asked := g.Stragglers([]intake.Judged{*early, *late}); len(asked) > 0 {
		t.Errorf("%d of 2 identities in memory are asked for", len(asked))
	}
}

func judge(source stream.Source, r stream.Record) (j intake.Judged) {
	intake.NewJudge(source, 4).Judge(&r, &j)
	return j
}
