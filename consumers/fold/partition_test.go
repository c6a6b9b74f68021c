package fold_test

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"runrate/consumers/fold"
	"runrate/consumers/intake"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
)

// tape is a state that writes down what it is told. It refuses events of the
// account "refused", cannot book those of "too much", and ends no batch with an
// overflow.
type tape struct {
	said     []string
	overflow error
}

func (s *tape) say(format string, args ...any) { s.said = append(s.said, fmt.Sprintf(format, args...)) }

// Restore takes a record of a usage state, and refuses any other.
func (s *tape) Restore(r *snapshot.Record) error {
	if r.GetUsage() == nil {
		return errors.New("not mine")
	}
	s.say("restore")
	return nil
}

// Ready is the tape itself, as a state.
func (s *tape) Ready(next stream.Offset, passed calendar.Hour) fold.State {
	s.say("ready at %d, hour %d", next, passed)
	return s
}

// Control writes down the version of the book.
func (s *tape) Control(j *intake.Judged) { s.say("book %s", j.Book.Version) }

// Take refuses, fails or accepts, by the name of the account.
func (s *tape) Take(j *intake.Judged) (*event.Refusal, error) {
	s.say("take %s", j.Event.Account)
	switch j.Event.Account {
	case "refused":
		return &event.Refusal{Reason: event.UnknownProduct, Detail: "no such product"}, nil
	case "too much":
		return nil, errors.New("too much")
	}
	return nil, nil
}

// Close ends a batch with the tape's overflow, if it has one.
func (s *tape) Close(b intake.Batch) (fold.Closed, error) {
	s.say("close %d to %d, hour %d", b.First, b.Next, b.Passed)
	return s, s.overflow
}

// Owes says that nothing is owed.
func (s *tape) Owes() bool { return false }

// Changes returns none.
func (s *tape) Changes() rows.Changes { return rows.Changes{} }

// Snapshot yields two records, of which the last has the progress.
func (s *tape) Snapshot(delta bool, p *snapshot.Progress) iter.Seq[*snapshot.Record] {
	return func(yield func(*snapshot.Record) bool) {
		part := &snapshot.UsageState{Progress: p}
		_ = yield(&snapshot.Record{State: &snapshot.Record_Usage{Usage: &snapshot.UsageState{}}}) &&
			yield(&snapshot.Record{State: &snapshot.Record_Usage{Usage: part}})
	}
}

// Done writes down that the batch was made lasting.
func (s *tape) Done() { s.say("done") }

const noon = event.Time(1_780_315_200) * event.Second // 2026-06-01T12:00:00Z

var source = stream.Source{Topic: stream.Usage.Topic()}

func (s *tape) config() fold.Config {
	return fold.Config{Source: source, Partitions: 1, Memory: intake.Memory{Recent: event.Hour, Most: 100}, New: func() fold.Blank { return s }}
}

func tick(offset stream.Offset, t event.Time) stream.Record {
	e := event.Event{Type: event.ClockTicked, Source: "t", ID: "t", Time: t}
	return stream.Record{Offset: offset, Value: e.AppendJSON(nil)}
}

func usage(offset stream.Offset, account, id string, t event.Time) stream.Record {
	e := event.Event{Type: event.UsageRecorded, Source: "t", ID: id, Time: t, Account: event.Account(account),
		Usage: &event.Usage{Product: "chat", Quantities: []event.Quantity{{Meter: "in", Count: 1}}}}
	return stream.Record{Offset: offset, Key: []byte(account), Value: e.AppendJSON(nil)}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func flush(t *testing.T, p *fold.Partition) *fold.Flush {
	t.Helper()
	f, err := p.Flush()
	must(t, err)
	return f
}

func (s *tape) want(t *testing.T, want ...string) {
	t.Helper()
	if got := strings.Join(s.said, "; "); got != strings.Join(want, "; ") {
		t.Errorf("\n got %s\nwant %s", got, strings.Join(want, "; "))
	}
	s.said = nil
}

// What is skipped is counted, whatever it says; the state does not hear of it, and
// it is a record like any other by which a log is known again.
func TestSkipped(t *testing.T) {
	s := &tape{}
	p := fold.Begin(s.config(), 0)
	aborted, ahead := usage(1, "a", "1", noon), tick(4, noon+event.Day)
	aborted.Skipped, ahead.Skipped = true, true
	marker := stream.Record{Offset: 3, Time: 5, Key: []byte{0, 0, 0, 0}, Skipped: true}
	must(t, p.Judge([]stream.Record{tick(0, noon), aborted, usage(2, "a", "1", noon), marker, ahead}).Fold(nil))
	s.want(t, "ready at 0, hour 0", "take a")
	f := flush(t, p)
	if got := f.Changes().Progress; got != (rows.Progress{NextOffset: 5, Accepted: 1, Control: 1, Skipped: 3, Clock: noon, Ticked: true}) {
		t.Errorf("%+v", got)
	}
	committed := tick(4, noon+event.Day)
	if !p.Last().Is(ahead) || p.Last().Is(committed) {
		t.Error("the last record is not known again, or is taken for one that was committed")
	}
}

// TestPartition: each record goes where it belongs, and a flush has what became of
// all of them.
func TestPartition(t *testing.T) {
	s := &tape{}
	p := fold.Begin(s.config(), 7)
	book := event.Event{Type: event.PricebookPublished, Source: "t", ID: "b", Time: noon, PriceBook: []byte(
		`{"version":"v1","currency":"USD","products":[{"product":"chat","line":"api","meters":{"in":[{"effective_from":"2026-01-01T00:00:00Z","unit":1,"price":"1","cost":"0"}]}}]}`)}
	must(t, p.Judge([]stream.Record{
		{Offset: 7, Value: []byte("no event")}, tick(8, noon), {Offset: 9, Value: book.AppendJSON(nil)},
		usage(10, "a", "1", noon), usage(11, "a", "1", noon), usage(12, "refused", "1", noon), usage(13, "a", "2", noon-event.Day),
	}).Fold(nil))
	s.want(t, "ready at 7, hour 0", "book v1", "take a", "take refused", "take a")
	f := flush(t, p)
	c := f.Changes()
	if c.Source != source || f.Next() != 14 || c.Progress != (rows.Progress{FirstOffset: 7, NextOffset: 14, Accepted: 2, Duplicate: 1, Refused: 2, Control: 2, Clock: noon, Ticked: true}) {
		t.Errorf("%s, next %d: %+v", c.Source, f.Next(), c.Progress)
	}
	var reasons []event.Reason
	for d := range c.DeadLetters {
		reasons = append(reasons, d.Reason)
	}
	if len(reasons) != 2 || reasons[0] != event.Malformed || reasons[1] != event.UnknownProduct {
		t.Errorf("refused: %v", reasons)
	}
	f.Done()
	s.want(t, fmt.Sprintf("close 7 to 14, hour %d", calendar.HourOf(noon)), "done")

	// What only ClickHouse knows is asked for, and is what it says.
	judged := p.Judge([]stream.Record{usage(14, "a", "2", noon-event.Day), usage(15, "a", "3", noon-event.Day), usage(16, "a", "4", noon)})
	stragglers, before := judged.Stragglers()
	if len(stragglers) != 2 || before != 14 {
		t.Fatalf("%d stragglers, before %d", len(stragglers), before)
	}
	must(t, judged.Fold(map[[16]byte]struct{}{stragglers[0].Identity: {}}))
	if got := flush(t, p).Changes().Progress; got.Duplicate != 2 || got.Accepted != 4 {
		t.Errorf("%+v", got)
	}
}

// TestErrors name the record, or the partition.
func TestErrors(t *testing.T) {
	s := &tape{}
	for what, records := range map[string][]stream.Record{
		"fold runrate.usage/0@1: too much":                                           {tick(0, noon), usage(1, "too much", "1", noon)},
		"fold runrate.usage/0: record at offset 2 where 1 is due: the log has a gap": {tick(0, noon), tick(2, noon)},
	} {
		if err := fold.Begin(s.config(), 0).Judge(records).Fold(nil); err == nil || err.Error() != what {
			t.Errorf("%v, want %q", err, what)
		}
	}
	s.overflow = errors.New("overflow")
	p := fold.Begin(s.config(), 0)
	must(t, p.Judge([]stream.Record{tick(0, noon)}).Fold(nil))
	if _, err := p.Flush(); !errors.Is(err, s.overflow) || err.Error() != "fold runrate.usage/0, flush before offset 1: overflow" {
		t.Error(err)
	}
	r := fold.Restore(s.config())
	if err := r.Apply(&snapshot.Record{}); err == nil || err.Error() != "restore runrate.usage/0: not mine" {
		t.Error(err)
	}
	if _, err := r.Recall(); err == nil || !strings.Contains(err.Error(), "restore runrate.usage/0") {
		t.Errorf("without a progress: %v", err)
	}
}

// TestRestore: what a flush snapshots is what a restored partition goes on from,
// its last record included.
func TestRestore(t *testing.T) {
	s := &tape{}
	p := fold.Begin(s.config(), 7)
	if _, known := p.Last().Offset(); known {
		t.Error("nothing is flushed and a record is known")
	}
	last := usage(8, "a", "1", noon)
	must(t, p.Judge([]stream.Record{tick(7, noon), last}).Fold(nil))
	restoring, parts := fold.Restore(s.config()), 0
	f := flush(t, p)
	for r := range f.Snapshot(false) {
		must(t, restoring.Apply(r))
		parts++
	}
	f.Done()
	recalling, err := restoring.Recall()
	must(t, err)
	if since, any := recalling.Since(); !any || since != noon-event.Hour || recalling.Before() != 9 || recalling.Last() != p.Last() {
		t.Errorf("since %s, before %d, flushed %v", since, recalling.Before(), recalling.Last())
	}
	again := usage(9, "a", "1", noon)
	e := event.Event{Source: "t", ID: "1", Time: noon, Account: "a"}
	recalling.Learn(e.Identity(), noon)
	q := recalling.Done()
	if at, known := q.Last().Offset(); !known || at != 8 || !q.Last().Is(last) || q.Last().Is(again) {
		t.Errorf("the last record is %v", q.Last())
	}
	must(t, q.Judge([]stream.Record{again}).Fold(nil))
	if got := flush(t, q).Changes().Progress; got != (rows.Progress{FirstOffset: 7, NextOffset: 10, Accepted: 1, Duplicate: 1, Control: 1, Clock: noon, Ticked: true}) {
		t.Errorf("%+v", got)
	}
	if parts != 2 {
		t.Errorf("%d parts", parts)
	}
}

// TestOrder: a call that comes in the wrong order is loud.
func TestOrder(t *testing.T) {
	s := &tape{}
	p := fold.Begin(s.config(), 0)
	early := p.Judge([]stream.Record{tick(0, noon)})
	f := flush(t, p)
	mustPanic(t, "a flush in a flush", func() { _, _ = p.Flush() })
	mustPanic(t, "judging in a flush", func() { p.Judge(nil) })
	mustPanic(t, "folding in a flush", func() { _ = early.Fold(nil) })
	f.Done()
	for what, call := range map[string]func(){
		"Done": f.Done, "Next": func() { f.Next() }, "Changes": func() { f.Changes() }, "Snapshot": func() { f.Snapshot(true) },
	} {
		mustPanic(t, what+" of a flush that is done", call)
	}
	must(t, p.Judge([]stream.Record{tick(0, noon)}).Fold(nil))
	early = p.Judge([]stream.Record{tick(1, noon)})
	flush(t, p).Done()
	mustPanic(t, "records that were judged before a flush", func() { _ = early.Fold(nil) })
}

func mustPanic(t *testing.T, what string, call func()) {
	t.Helper()
	defer func() {
		if p := recover(); p == nil || !strings.HasPrefix(fmt.Sprint(p), "fold:") {
			t.Errorf("%s: %v", what, p)
		}
	}()
	call()
}
