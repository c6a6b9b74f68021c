package stack

import (
	"strings"
	"testing"

	"runrate/consumers/store"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
	"runrate/test/localtest"
)

// TestDefine: another definition of usage ARR is taken as long as nothing is folded by
// the old one; then it is refused with the way out, and the old one stays.
func TestDefine(t *testing.T) {
	o := options(t)
	o.ClickHouse.Database = localtest.Database(t)
	tables, err := prepareTables(t.Context(), o, localtest.ClickHouse(t).TCPAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer tables.Close()
	expect := func(when string, want definitions.ARR) {
		t.Helper()
		if got, err := tables.Definition(t.Context(), 0); err != nil || got != want {
			t.Errorf("%s the definition is %v, %v; want %v", when, got, err, want)
		}
	}
	define := func(d *definitions.ARR) error { return Define(t.Context(), tables, d) }
	week, month := definitions.ARR{WindowDays: 7, Multiplier: 52}, definitions.ARR{WindowDays: 30, Multiplier: 12}

	expect("at first", definitions.DefaultARR)
	if err := define(&week); err != nil {
		t.Fatal(err)
	}
	expect("set", week)
	if err := define(nil); err != nil {
		t.Errorf("none: %v", err)
	}
	expect("none set", week)
	if err := define(&definitions.ARR{WindowDays: 8, Multiplier: 52}); err == nil {
		t.Error("a window of 8 days is taken")
	}
	expect("refused", week)

	if err := tables.OpenEpoch(t.Context(), store.Record{Topic: stream.Usage.Topic(), Partitions: 2}); err != nil {
		t.Fatal(err)
	}
	err = define(&month)
	if err == nil {
		t.Fatal("another definition is taken of what is folded already")
	}
	for _, want := range []string{"52 x 7 days", "12 x 30 days", "runrate rebuild", "runrate.usage"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	expect("refused for what is folded", week)
	if err := define(&week); err != nil {
		t.Errorf("the one that it has: %v", err)
	}

	// What is folded of another epoch, before a rebuild, does not count.
	if err := tables.SwitchEpoch(t.Context(), stream.Usage.Topic(), 1, nil, "test"); err != nil {
		t.Fatal(err)
	}
	if err := define(&month); err != nil {
		t.Errorf("in an epoch that nothing is folded of: %v", err)
	}
	expect("before that epoch", week)
}
