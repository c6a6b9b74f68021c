package gen

import (
	"bytes"
	"flag"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	ours "runrate/internal/event"
	"runrate/test/oracle"
)

var seedCount = flag.Uint64("seeds", 100, "how many streams TestCoverage makes")

// column is one column of a row.
func column(row string, n int) string { return strings.Split(row, "\t")[n] }

// TestCoverage holds that the streams visit what they are for.
func TestCoverage(t *testing.T) {
	seeds := *seedCount
	reasons, movements, outcomes, streams := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	rows, types := map[string]int{}, map[ours.Type]int{}
	records := 0
	var slowest, total time.Duration
	for seed := range seeds {
		g := Stream(seed, Options{Skipped: seed%2 == 0, Forms: seed%3 == 0})
		records += len(g.Entries)
		for _, e := range g.Entries {
			for _, kind := range ours.Types() {
				if bytes.Contains(e.Record.Value, []byte(`"`+kind.String()+`"`)) {
					types[kind]++
				}
			}
		}
		begin := time.Now()
		views := oracle.Compute(g.Log(), g.Partitions, oracle.Options{})
		took := time.Since(begin)
		total += took
		slowest = max(slowest, took)
		seen := map[string]bool{}
		for _, r := range views["dead_letters"] {
			reasons[column(r, 3)]++
			seen[column(r, 3)] = true
		}
		for reason := range seen {
			streams[reason]++
		}
		for _, r := range views["mrr_movements"] {
			movements[column(r, 5)]++
		}
		for _, r := range views["accounting"] {
			for i, name := range []string{"accepted", "duplicate", "refused", "control", "skipped"} {
				n, err := strconv.Atoi(column(r, 4+i))
				if err != nil {
					t.Fatalf("%s: %v", r, err)
				}
				outcomes[name] += n
			}
		}
		for _, r := range views["net_new_arr"] {
			for i, name := range []string{"new", "expansion", "reactivation", "contraction", "churn"} {
				if strings.Trim(column(r, 4+i), "-0.") != "" {
					movements["net "+name]++
				}
			}
		}
		for name, list := range views {
			if len(list) > 0 {
				rows[name]++
			}
		}
	}
	t.Logf("%d seeds, %d records; oracle %v a stream, slowest %v", seeds, records, total/time.Duration(seeds), slowest)
	t.Logf("outcomes %v", outcomes)
	t.Logf("types %v", types)
	if len(types) != len(ours.Types()) {
		t.Errorf("types seen %v, want %v", types, ours.Types())
	}
	t.Logf("refused records by reason %v", reasons)
	t.Logf("streams with reason %v", streams)
	t.Logf("movements %v", movements)
	t.Logf("streams with rows in %v", rows)
	want := []string{"invalid", "malformed", "too_new", "too_old", "unknown_product", "unknown_type", "unpriced_meter", "wrong_partition"}
	if got := slices.Sorted(maps.Keys(reasons)); !slices.Equal(got, want) {
		t.Errorf("reasons seen %v, want %v", got, want)
	}
	if len(movements) != 10 {
		t.Errorf("movements seen %v, want all five of mrr_movements and of net_new_arr", movements)
	}
	for _, name := range oracle.Names {
		if rows[name]*3 < int(seeds) {
			t.Errorf("view %s has rows in %d of %d streams, want a third", name, rows[name], seeds)
		}
	}
	if outcomes["skipped"] == 0 {
		t.Error("nothing is skipped")
	}
	if outcomes["accepted"]*4 < outcomes["accepted"]+outcomes["duplicate"]+outcomes["refused"] {
		t.Errorf("outcomes %v: too few accepted", outcomes)
	}
}

// TestSeedDecides holds that a seed determines a stream, and its dump keeps it.
func TestSeedDecides(t *testing.T) {
	a, b := Stream(7, Options{Forms: true}), Stream(7, Options{Forms: true})
	if !reflect.DeepEqual(a, b) {
		t.Fatal("the same seed made two streams")
	}
	if reflect.DeepEqual(a.Entries, Stream(8, Options{}).Entries) {
		t.Fatal("two seeds made the same stream")
	}
	var buf bytes.Buffer
	if err := a.Dump(&buf); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(&buf, a.Partitions)
	if err != nil {
		t.Fatal(err)
	}
	options := oracle.Options{}
	if d := oracle.Diff(oracle.Compute(loaded.Log(), loaded.Partitions, options), oracle.Compute(a.Log(), a.Partitions, options)); d != "" {
		t.Errorf("a dump, loaded, differs:\n%s", d)
	}
}

// TestOffsetsContiguous holds what oracle.Log asks for.
func TestOffsetsContiguous(t *testing.T) {
	for seed := range uint64(20) {
		for src, records := range Stream(seed, Options{}).Log() {
			for i, r := range records {
				if int64(r.Offset) != int64(records[0].Offset)+int64(i) {
					t.Fatalf("seed %d: %s@%d is record %d from %d", seed, src, r.Offset, i, records[0].Offset)
				}
			}
		}
	}
}

// TestLiteral holds that evaluating windows only where they change is the same
// as evaluating them everywhere.
func TestLiteral(t *testing.T) {
	for seed := range uint64(30) {
		g := Stream(seed, Options{Records: 40, Days: 3})
		fast := oracle.Compute(g.Log(), g.Partitions, oracle.Options{})
		literal := oracle.Compute(g.Log(), g.Partitions, oracle.Options{Literal: true})
		if d := oracle.Diff(fast, literal); d != "" {
			t.Fatalf("%s\n%s", g.Describe(), d)
		}
	}
}
