package redrive_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"runrate/consumers/redrive"
	"runrate/consumers/store"
)

type left = map[redrive.Why]int64

// TestOnce: an event that stays refused is sent once, however often redrive runs;
// its copy is open in its stead. Once what it lacked is there, --again sends it
// anew.
func TestOnce(t *testing.T) {
	w := newWorld(t)
	w.control(tick) // offset 0
	w.publish("a", usage("a", 1))
	w.fold()
	w.wantStates("1 unknown_product open")
	w.wantRun(redrive.Options{}, 1, left{})
	w.wantStates("1 unknown_product redriven")
	w.wantRun(redrive.Options{}, 0, left{})
	for range 3 {
		w.fold()
		w.wantRun(redrive.Options{}, 0, left{redrive.RefusedAgain: 1})
		w.wantStates("1 unknown_product redriven", "2 unknown_product open")
	}
	w.control(goodBook)
	w.fold()
	w.wantRun(redrive.Options{}, 0, left{redrive.RefusedAgain: 1})
	w.wantRun(redrive.Options{Again: true}, 1, left{redrive.Same: 1})
	w.fold()
	w.wantStates("1 unknown_product accepted", "2 unknown_product accepted")
	w.wantRun(redrive.Options{Again: true}, 0, left{})
	if len(w.copies) != 2 {
		t.Errorf("%d copies, want one and one by --again", len(w.copies))
	}
}

// TestLeft: what would be refused again, control records and what is too large are
// left.
func TestLeft(t *testing.T) {
	w := newWorld(t)
	w.control(tick)
	w.control(badBook)
	w.control(`{"specversion":"1.0","type":"rates","source":"t","id":"1","time":"2026-11-02T11:00:00Z"}`)
	w.publish("a", "nonsense")
	w.publish("a", `{"specversion":"1.0","type":"usage.recorded","source":"t","id":"1","time":"2026-11-02T11:00:00Z","subject":"a","data":{"product":"chat","quantities":{"in":-1}}}`)
	w.publish("a", usage("a", 1))
	w.fold()
	want := left{redrive.Control: 2, redrive.UnknownType: 2, redrive.Malformed: 1, redrive.Invalid: 1, redrive.TooLarge: 1}
	for range 3 {
		w.wantRun(redrive.Options{MaxRecord: 150}, 0, want)
		w.wantRun(redrive.Options{MaxRecord: 150, Again: true}, 0, want)
		w.fold()
	}
	if len(w.copies) > 0 {
		t.Errorf("%d copies were sent", len(w.copies))
	}
}

// TestAcceptedAndDuplicate: what is accepted by a copy is told from what counts by
// another record, which is not sent at all.
func TestAcceptedAndDuplicate(t *testing.T) {
	w := newWorld(t)
	w.control(tick)
	w.publish("a", usage("a", 1)) // offset 1
	w.publish("a", usage("a", 2)) // offset 2
	w.control(goodBook)
	w.publish("a", usage("a", 2)) // its producer's own retry
	w.fold()
	w.wantStates("1 unknown_product open", "2 unknown_product open")
	w.wantRun(redrive.Options{}, 1, left{redrive.Counted: 1})
	w.wantStates("1 unknown_product redriven", "2 unknown_product duplicate")
	w.fold()
	w.wantStates("1 unknown_product accepted", "2 unknown_product duplicate")
	for _, again := range []bool{false, true} {
		w.wantRun(redrive.Options{Again: again}, 0, left{})
	}
}

// TestGoesHome: a record that stood on the wrong partition, or in the wrong topic,
// goes home.
func TestGoesHome(t *testing.T) {
	w := newWorld(t)
	w.control(tick)
	w.control(goodBook)
	away := home("a")
	away.Partition = 1 - away.Partition
	w.append(away, []byte("a"), []byte(usage("a", 1)))
	w.append(home("a"), nil, []byte(usage("a", 2)))
	w.fold()
	w.wantRun(redrive.Options{}, 2, left{})
	w.fold()
	w.wantStates("2 wrong_partition accepted", "2 wrong_partition accepted")
}

// TestSame: records that are the same, byte for byte, are sent once: a producer's
// retries.
func TestSame(t *testing.T) {
	w := newWorld(t)
	w.control(tick)
	for range 3 {
		w.publish("a", usage("a", 1))
	}
	w.fold()
	w.wantRun(redrive.Options{}, 1, left{redrive.Same: 2})
	w.fold()
	w.wantStates("1 unknown_product redriven", "2 unknown_product redriven", "3 unknown_product redriven", "4 unknown_product open")
	w.wantRun(redrive.Options{}, 0, left{redrive.RefusedAgain: 1})
}

// TestChoice: a filter and a bound choose; without a sender nothing is sent or
// remembered.
func TestChoice(t *testing.T) {
	w := newWorld(t)
	w.control(tick)
	for i := range 5 {
		w.publish("a", usage("a", i))
	}
	w.fold()
	w.wantRun(redrive.Options{Filter: store.DeadLetterFilter{Reason: "too_old"}}, 0, left{})
	w.wantRun(redrive.Options{Filter: store.DeadLetterFilter{Topic: "runrate.subscriptions"}}, 0, left{})
	for range 2 {
		r, err := redrive.Run(t.Context(), w.tables, w, nil, redrive.Options{Most: 100, MaxRecord: 1000})
		if err != nil || r.Sent != 5 || len(w.copies) > 0 {
			t.Fatalf("dry run: %+v, %v, %d copies", r, err, len(w.copies))
		}
	}
	for _, want := range []int64{2, 2, 1, 0} {
		if r := w.run(redrive.Options{Most: 2}); r.Sent != want || r.Full != (want == 2) {
			t.Errorf("at most 2: %+v, want %d", r, want)
		}
	}
	if n := len(w.copies); n != 5 {
		t.Errorf("%d copies of 5", n)
	}
}

// TestDeath: a run that dies at any point leaves no event that is sent twice, or
// never.
func TestDeath(t *testing.T) {
	for _, dies := range []dies{beforeSend, halfSent, afterSend} {
		for _, priced := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, priced %v", dies, priced), func(t *testing.T) {
				w := newWorld(t)
				w.control(tick)
				w.publish("a", usage("a", 1))
				w.publish("a", usage("a", 2))
				if priced {
					w.control(goodBook)
				}
				w.fold()
				w.dies = dies
				if r := w.run(redrive.Options{}); r.Sent != 0 {
					t.Errorf("a run that died reports %d sent", r.Sent)
				}
				inLog := len(w.copies)
				w.wantDeath(dies, priced, inLog)
			})
		}
	}
}

// TestWaitsForTheConsumer: in a live log the consumer is never quite at the end: a
// run that has to know waits for the end that it has seen.
func TestWaitsForTheConsumer(t *testing.T) {
	w := newWorld(t)
	w.control(tick)
	w.publish("a", usage("a", 1))
	w.fold()
	w.dies = afterSend
	w.run(redrive.Options{})
	looks := 0
	pause := func(context.Context) bool {
		if looks++; looks == 2 {
			w.fold()
			w.publish("a", usage("a", 2)) // and the log goes on
		}
		return looks < 5
	}
	w.wantRun(redrive.Options{Pause: pause}, 0, left{redrive.RefusedAgain: 1})
	if looks != 2 {
		t.Errorf("paused %d times, want 2: until the consumer was there", looks)
	}
	w.wantStates("1 unknown_product redriven", "2 unknown_product open")
}

// wantDeath goes on after a run of two events that died with some of them in the log.
func (w *world) wantDeath(dies dies, priced bool, inLog int) {
	w.t.Helper()
	if inLog > 0 { // which the consumer has not folded: nobody can know
		w.wantRun(redrive.Options{}, 0, left{redrive.Unknown: 2})
	}
	w.fold()
	lost := int64(2 - inLog)
	again := left{}
	if n := int64(inLog); n > 0 && !priced { // a copy that was refused, and its original
		again[redrive.RefusedAgain] = 2 * n
	}
	w.wantRun(redrive.Options{}, lost, again)
	w.fold()
	for range 2 {
		w.run(redrive.Options{})
		w.fold()
	}
	slices.Sort(w.copies)
	if want := []string{usage("a", 1), usage("a", 2)}; !slices.Equal(w.copies, want) {
		w.t.Errorf("%s: copies %q, want each once", dies, w.copies)
	}
	if priced {
		w.wantStates("1 unknown_product accepted", "2 unknown_product accepted")
	} else {
		w.wantStates("1 unknown_product redriven", "2 unknown_product redriven", "3 unknown_product open", "4 unknown_product open")
	}
}
