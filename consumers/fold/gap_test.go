package fold_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"runrate/consumers/fold"
	"runrate/consumers/intake"
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/test/sim"
)

const smallBook = `{"version":"1","currency":"USD","products":[{"product":"chat","line":"api","meters":{"in":[{"effective_from":"2020-01-01T00:00:00Z","unit":1,"price":"2"}]}}]}`

// TestGap: a gap is a step like a record. What is in force at its end is so for what
// follows; its records are lost, and the one before it is not asked for any more.
func TestGap(t *testing.T) {
	s := &tape{}
	c := s.config()
	c.Gaps = []fold.Gap{{From: 0, To: 5, InForce: []rows.Control{{Kind: rows.ClockSet, Time: noon, Recorded: 3}}},
		{From: 6, To: 10, InForce: []rows.Control{{Kind: rows.BookSet, Time: noon, Payload: smallBook}, {Kind: rows.ClockSet, Time: noon - 1}}}}
	p := fold.Begin(c, 0)
	if lost, err := p.Lose(); lost != 5 || err != nil || p.Next() != 5 {
		t.Errorf("lost %d, %v, next %d", lost, err, p.Next())
	}
	must(t, p.Judge([]stream.Record{usage(5, "a", "1", noon)}).Fold(nil))
	must(t, p.Judge([]stream.Record{usage(10, "a", "2", noon), usage(11, "a", "3", noon-40*event.Day)}).Fold(nil))
	s.want(t, "ready at 0, hour 0", "take a", "book 1", "take a")
	f := flush(t, p)
	if got := f.Changes().Progress; got != (rows.Progress{NextOffset: 12, Accepted: 2, Refused: 1, Lost: 9, Clock: noon, Ticked: true}) {
		t.Errorf("%+v", got)
	}
	var controls []string
	for c := range f.Changes().Controls {
		controls = append(controls, fmt.Sprint(c.Kind, " ", c.Offset, " ", c.Time == noon, " ", c.Recorded))
	}
	if got := strings.Join(controls, "; "); got != "clock 4 true 1970-01-01T00:00:00.000003Z" { // the tape publishes no books
		t.Errorf("controls: %s", got)
	}
	f.Done()
	if lost, err := p.Lose(); lost != 0 || err != nil {
		t.Errorf("lost %d more, %v", lost, err)
	}
	c.Gaps = []fold.Gap{{From: 1, To: 3}}
	p = fold.Begin(c, 0)
	must(t, p.Judge([]stream.Record{usage(0, "a", "1", noon)}).Fold(nil))
	if lost, err := p.Lose(); lost != 2 || err != nil {
		t.Errorf("lost %d, %v", lost, err)
	}
	if at, known := p.Last().Offset(); known {
		t.Errorf("the record at %d is to be looked at again, and is before the gap", at)
	}
	c.Gaps = []fold.Gap{{From: 0, To: 2, InForce: []rows.Control{{Kind: "tides"}}}}
	if _, err := fold.Begin(c, 0).Lose(); err == nil || !strings.Contains(err.Error(), `"tides" is in force at its end, which this program does not know`) {
		t.Errorf("what nobody knows: %v", err)
	}
	// A state from before a gap whose records are there is of another log.
	c.Gaps = []fold.Gap{{From: 1, To: 3}}
	err := fold.Begin(c, 0).Judge([]stream.Record{usage(0, "a", "1", noon), usage(1, "a", "2", noon)}).Fold(nil)
	var gap *intake.Gap
	if !errors.As(err, &gap) || gap.Want != 3 || gap.Got != 1 {
		t.Errorf("records within the gap: %v", err)
	}
}

// TestWithout: what is left out is skipped, and changes nothing; only a control
// record can be.
func TestWithout(t *testing.T) {
	s := &tape{}
	c := s.config()
	c.Without = []stream.Offset{1, 4}
	p := fold.Begin(c, 0)
	ahead := tick(1, noon+6*event.Day)
	must(t, p.Judge([]stream.Record{tick(0, noon), ahead}).Fold(nil))
	if !p.Last().Is(ahead) {
		t.Error("the record before the next is not the one that was left out")
	}
	must(t, p.Judge([]stream.Record{usage(2, "a", "1", noon), tick(3, noon+event.Hour)}).Fold(nil))
	if got := flush(t, p).Changes().Progress; got != (rows.Progress{NextOffset: 4, Accepted: 1, Control: 2, Skipped: 1, Clock: noon + event.Hour, Ticked: true}) {
		t.Errorf("%+v", got)
	}
	for _, r := range []struct {
		record stream.Record
		what   string
	}{
		{usage(4, "a", "1", noon), `usage.recorded of account "a"`},
		{stream.Record{Offset: 4, Value: []byte("{")}, "refused (malformed)"},
		{stream.Record{Offset: 4, Skipped: true}, "a transaction marker"},
	} {
		s := &tape{}
		c := s.config()
		c.Without = []stream.Offset{4}
		err := fold.Begin(c, 3).Judge([]stream.Record{usage(3, "before", "1", noon), r.record, usage(5, "after", "1", noon)}).Fold(nil)
		var not *fold.NotControl
		if !errors.As(err, &not) || !strings.HasPrefix(err.Error(), "runrate.usage/0@4 is no control record but "+r.what) {
			t.Errorf("%v", err)
		}
		s.want(t, "ready at 3, hour 0", "take before")
	}
}

// TestGapsAndCuts: gaps and exclusions do not show where the log was cut, or what was
// folded twice: all rows and versions are those of a fold in one piece.
func TestGapsAndCuts(t *testing.T) {
	kind := stream.Usage
	config := sim.Fold(stream.Source{Topic: kind.Topic()}, 1, intake.Memory{Recent: event.Hour, Most: 3})
	inForce := []rows.Control{{Kind: rows.BookSet, Time: noon, Payload: smallBook}, {Kind: rows.ClockSet, Time: noon}}
	config.Gaps = []fold.Gap{{From: 0, To: 4, InForce: inForce}, {From: 9, To: 12, InForce: []rows.Control{{Kind: rows.ClockSet, Time: noon + 30*event.Hour}}}}
	config.Without = []stream.Offset{6}
	records := []stream.Record{
		usage(4, "a", "1", noon), usage(5, "b", "1", noon-event.Hour), tick(6, noon+6*event.Day), usage(7, "a", "2", noon+event.Minute), tick(8, noon+2*event.Hour),
		usage(12, "a", "3", noon+29*event.Hour), usage(13, "a", "1", noon), tick(14, noon+31*event.Hour), usage(15, "b", "2", noon),
	}
	whole := &sim.Tables{}
	must(t, sim.DriveFrom(whole, config, 0, records, func() sim.Cut { return sim.FoldOn }))
	for seed := range uint64(300) {
		r, tables := rand.New(rand.NewPCG(seed, 11)), &sim.Tables{}
		must(t, sim.DriveFrom(tables, config, 0, records, func() sim.Cut { return sim.Cut(r.IntN(4)) }))
		if diff := tables.Diff(whole); diff != "" || len(tables.Conflicts) > 0 {
			t.Fatalf("seed %d: %s %v", seed, diff, tables.Conflicts)
		}
	}
}
