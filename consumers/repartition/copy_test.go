package repartition_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"go.uber.org/zap"

	"runrate/consumers/intake"
	"runrate/consumers/repartition"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
	"runrate/test/oracle/gen"
	"runrate/test/sim"
)

var seeds = flag.Int("seeds", 20, "generated streams to copy")

// even is a generated stream whose control records are all on every partition of
// their topic, as producers write them: one that reached some only goes to all in the
// copy, which may change what is too late and what it costs. Seeds whose partitions
// have them in different orders are stepped over: no order of the copy is then that of
// all.
func even(seed uint64, o gen.Options) gen.Generated {
	for ; ; seed += 1_000_000 {
		if g, ok := tryEven(seed, o); ok {
			return g
		}
	}
}

func tryEven(seed uint64, o gen.Options) (gen.Generated, bool) {
	g := gen.Stream(seed, o)
	type control struct {
		topic      stream.Topic
		kind       event.Type
		time       event.Time
		source, id string
	}
	var decoder event.Decoder
	known := func(e gen.Entry) (control, bool) {
		d, refusal := decoder.Decode(e.Record.Value)
		return control{e.Source.Topic, d.Type, d.Time, d.Source, d.ID}, refusal == nil && d.Type.Control()
	}
	on := map[control]map[int32]bool{}
	first := map[control][]byte{}
	for _, e := range g.Entries {
		if c, ok := known(e); ok {
			if on[c] == nil {
				on[c], first[c] = map[int32]bool{}, e.Record.Value
			}
			on[c][e.Source.Partition] = true
		}
	}
	ends := map[stream.Source]stream.Offset{}
	entries := g.Entries[:0]
	order := map[stream.Source]string{}
	for _, e := range g.Entries {
		if c, ok := known(e); ok {
			if len(on[c]) != int(g.Partitions) {
				continue
			}
			e.Record.Value = first[c]
			if named := fmt.Sprintf("%v %v %s;", c.time, c.kind, c.id); !strings.Contains(order[e.Source], named) {
				order[e.Source] += named
			}
		}
		e.Record.Offset = ends[e.Source]
		ends[e.Source]++
		entries = append(entries, e)
	}
	g.Entries = entries
	for source, o := range order {
		if o != order[stream.Source{Topic: source.Topic}] {
			return g, false
		}
	}
	return g, true
}

// copyOf copies both topics of a log into n partitions.
func copyOf(t *testing.T, log *sim.Log, was, n int32) (map[stream.Source][]stream.Record, repartition.Counts) {
	t.Helper()
	copied := map[stream.Source][]stream.Record{}
	var all repartition.Counts
	for _, topic := range stream.Inputs() {
		to := topic.Kind().Named(topic.String() + ".v2")
		ranges := map[int32]broker.Range{}
		for p := range was {
			ranges[p], _ = log.Range(t.Context(), stream.Source{Topic: topic, Partition: p})
		}
		counts, err := repartition.Copy(t.Context(), log, repartition.Options{From: topic, Ranges: ranges, To: to, Partitions: n, Logger: zap.NewNop()})
		if err != nil {
			t.Fatal(err)
		}
		all.Read, all.Control, all.Data = all.Read+counts.Read, all.Control+counts.Control, all.Data+counts.Data
		for p := range n {
			s := stream.Source{Topic: to, Partition: p}
			var records []stream.Record
			if held, _ := log.Range(t.Context(), s); held.End > 0 {
				if records, _, err = log.Fetch(t.Context(), s, 0, 1<<30, 0); err != nil {
					t.Fatal(err)
				}
			}
			if counts.Ends[p] != stream.Offset(len(records)) {
				t.Errorf("%s has %d records, %d were counted", s, len(records), counts.Ends[p])
			}
			copied[stream.Source{Topic: topic, Partition: p}] = records
		}
	}
	return copied, all
}

// views are what a log folds into, without what tells of partitions and offsets.
func views(t *testing.T, log map[stream.Source][]stream.Record, partitions int32) map[string][]string {
	t.Helper()
	tables := &sim.Tables{}
	for _, topic := range stream.Inputs() {
		for p := range partitions {
			source := stream.Source{Topic: topic, Partition: p}
			if err := sim.Drive(tables, sim.Fold(source, partitions, intake.DefaultMemory), log[source], func() sim.Cut { return sim.FoldOn }); err != nil {
				t.Fatal(err)
			}
		}
	}
	all := tables.Views(partitions, 13, nil)
	for _, name := range []string{"accounting", "freshness", "dead_letters"} {
		delete(all, name)
	}
	return all
}

// TestCopyFoldsIntoTheSame: whatever the numbers of partitions, what is copied folds
// into the rows that it folded into before.
func TestCopyFoldsIntoTheSame(t *testing.T) {
	for seed := range uint64(*seeds) {
		was, n := int32(seed%3+1), int32(seed/3%5+1)
		generated := even(seed, gen.Options{Partitions: was, Skipped: seed%2 == 0})
		log := sim.NewLog(generated.Log())
		copied, counts := copyOf(t, log, was, n)
		if n == 1 || was == 1 { // what was misplaced has no wrong place any more, or none before
			dropMisplaced(generated, copied)
		}
		if counts.Read != int64(len(generated.Entries)) {
			t.Errorf("seed %d: %d of %d records were read", seed, counts.Read, len(generated.Entries))
		}
		want, got := views(t, generated.Log(), was), views(t, copied, n)
		for _, name := range slices.Sorted(keys(want)) {
			if !slices.Equal(want[name], got[name]) {
				t.Errorf("seed %d, %d partitions into %d: %s has %d rows, and %d in the copy: %s", seed, was, n, name, len(want[name]), len(got[name]), firstDifference(want[name], got[name]))
			}
		}
	}
}

// TestCopyLeavesOut: what the epoch leaves out is copied once, into every partition, its
// place told; it holds nobody up, though its time is far ahead; and each record keeps its
// timestamp.
func TestCopyLeavesOut(t *testing.T) {
	record := func(at stream.Offset, value string) stream.Record {
		r := stream.Record{Offset: at, Time: 1_700_000_000_000_000 + int64(at)*1000, Value: []byte(value)}
		if strings.HasPrefix(value, "a") {
			r.Key = []byte("k")
		}
		return r
	}
	tick := func(id, time string) string {
		return fmt.Sprintf(`{"specversion":"1.0","type":"clock.ticked","source":"t","id":%q,"time":%q}`, id, time)
	}
	one, bad, two := tick("1", "2026-11-01T00:00:00Z"), tick("bad", "2027-11-01T00:00:00Z"), tick("2", "2026-11-01T01:00:00Z")
	home := stream.Partition([]byte("k"), 2)
	topic := stream.Usage.Topic()
	source := func(p int32) stream.Source { return stream.Source{Topic: topic, Partition: p} }
	log := sim.NewLog(map[stream.Source][]stream.Record{
		source(home):     {record(0, one), record(1, bad), record(2, "a1"), record(3, two), record(4, "a2")},
		source(1 - home): {record(0, one), record(1, two), record(2, bad)},
	})
	ranges := map[int32]broker.Range{home: {End: 5}, 1 - home: {End: 3}}
	to := stream.Usage.Named("new")
	counts, err := repartition.Copy(t.Context(), log, repartition.Options{From: topic, Ranges: ranges, To: to, Partitions: 1, Logger: zap.NewNop(),
		Without: []stream.Place{{Source: source(home), Offset: 1}, {Source: source(1 - home), Offset: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	records, _, err := log.Fetch(t.Context(), stream.Source{Topic: to}, 0, 1<<20, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range records {
		got = append(got, string(r.Value))
	}
	if want := []string{bad, one, "a1", two, "a2"}; !slices.Equal(got, want) && !slices.Equal(got, []string{one, bad, "a1", two, "a2"}) {
		t.Errorf("%q", got)
	}
	bads := slices.Index(got, bad)
	if want := (stream.Place{Source: source(0), Offset: stream.Offset(bads)}); !slices.Equal(counts.LeftOut, []stream.Place{want}) {
		t.Errorf("left out %v, not %v", counts.LeftOut, want)
	}
	if at := slices.Index(got, "a2"); at < 0 || records[at].Time != 1_700_000_000_004_000 {
		t.Errorf("a record of other time: %+v", records)
	}
}

// dropMisplaced takes out of a copy the records that were on a wrong partition.
func dropMisplaced(g gen.Generated, copied map[stream.Source][]stream.Record) {
	wrong := map[string]bool{}
	for _, e := range g.Entries {
		if e.Record.Key != nil && stream.Partition(e.Record.Key, g.Partitions) != e.Source.Partition {
			wrong[string(e.Record.Value)] = true
		}
	}
	for s, records := range copied {
		kept := slices.DeleteFunc(slices.Clone(records), func(r stream.Record) bool { return wrong[string(r.Value)] })
		for i := range kept {
			kept[i].Offset = stream.Offset(i)
		}
		copied[s] = kept
	}
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("%q, %q", a[i], b[i])
		}
	}
	return "one ends first"
}

// TestNoControlPassesData: in each partition of the copy, a data record has the same
// control records before it, by their time, as in its own partition before; and each
// control record is there once.
func TestNoControlPassesData(t *testing.T) {
	for seed := range uint64(*seeds) {
		was, n := int32(3), int32(seed%4+1)
		generated := even(seed, gen.Options{Partitions: was})
		copied, _ := copyOf(t, sim.NewLog(generated.Log()), was, n)
		before := map[string]string{}
		for source, records := range generated.Log() {
			walk(records, func(r stream.Record, clock string) { before[source.Topic.String()+string(r.Value)] += clock + ";" })
		}
		after := map[string]string{}
		for source, records := range copied {
			walk(records, func(r stream.Record, clock string) { after[source.Topic.String()+string(r.Value)] += clock + ";" })
		}
		for value, clocks := range before {
			if sorted(after[value]) != sorted(clocks) {
				t.Errorf("seed %d: %.60q was after %s and is after %s", seed, value, clocks, after[value])
			}
		}
	}
}

// walk calls see for each data record, with the latest control record before it.
func walk(records []stream.Record, see func(r stream.Record, clock string)) {
	var decoder event.Decoder
	var latest event.Time
	for _, r := range records {
		if e, refusal := decoder.Decode(r.Value); refusal == nil && e.Type.Control() {
			latest = max(latest, e.Time)
			continue
		}
		see(r, fmt.Sprint(latest))
	}
}

func sorted(list string) string {
	parts := strings.Split(list, ";")
	slices.SortFunc(parts, cmp.Compare)
	return strings.Join(parts, ";")
}

// flaky is a log whose appends are done though their answer is lost, every so often,
// and whose reads fail.
type flaky struct {
	*sim.Log
	calls int
	asked int  // for what the new topic holds
	twice bool // what is lost comes a second time by itself, later
}

// Range fails at first: the node that is asked goes away, and the next has not heard of
// the new topic.
func (f *flaky) Range(ctx context.Context, source stream.Source) (broker.Range, error) {
	if source.Topic == stream.Usage.Named("new") {
		f.asked++
		switch f.asked {
		case 1:
			return broker.Range{}, &broker.Error{Err: io.ErrUnexpectedEOF}
		case 2:
			return broker.Range{}, &broker.NoTopic{Topic: source.Topic}
		}
	}
	return f.Log.Range(ctx, source)
}

var errLost = errors.New("the answer is lost")

func (f *flaky) Append(ctx context.Context, topic stream.Topic, partition int32, messages []broker.Message) (stream.Offset, error) {
	f.calls++
	if f.calls%3 == 0 {
		return 0, &broker.Error{Err: context.DeadlineExceeded}
	}
	at, err := f.Log.Append(ctx, topic, partition, messages)
	if f.calls%3 == 1 && err == nil {
		if f.twice {
			_, _ = f.Log.Append(ctx, topic, partition, messages)
		}
		return 0, &broker.Error{Err: errors.Join(errLost, context.DeadlineExceeded)}
	}
	return at, err
}

// TestCopyThroughFaults: what may have been written is looked for before it is written
// again; what is there twice ends the copy.
func TestCopyThroughFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		generated := even(3, gen.Options{Partitions: 2})
		from := stream.Usage.Topic()
		run := func(twice bool) error {
			log := &flaky{Log: sim.NewLog(generated.Log()), twice: twice}
			ranges := map[int32]broker.Range{}
			for p := range int32(2) {
				ranges[p], _ = log.Range(t.Context(), stream.Source{Topic: from, Partition: p})
			}
			counts, err := repartition.Copy(t.Context(), log, repartition.Options{From: from, Ranges: ranges, To: stream.Usage.Named("new"), Partitions: 3, Logger: zap.NewNop()})
			for p, end := range counts.Ends {
				if held, _ := log.Range(t.Context(), stream.Source{Topic: stream.Usage.Named("new"), Partition: int32(p)}); err == nil && held.End != end {
					t.Errorf("partition %d ends at %d, %d were written", p, held.End, end)
				}
			}
			return err
		}
		if err := run(false); err != nil {
			t.Error(err)
		}
		if err := run(true); err == nil || !strings.Contains(err.Error(), "delete it and begin again") {
			t.Errorf("a batch that is there twice: %v", err)
		}
	})
}
