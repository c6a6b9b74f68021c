package stack

import (
	"testing"

	"runrate/consumers/store"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
	"runrate/test/localtest"
)

// TestDefine: another definition of usage ARR is taken as long as nothing is folded by
// the old one; then the old one stays until that is folded anew.
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
	set := func(d *definitions.ARR) error { return define(t.Context(), tables, definitions.Wanted{ARR: d}) }
	week, month := definitions.ARR{WindowDays: 7, Multiplier: 52}, definitions.ARR{WindowDays: 30, Multiplier: 12}

	expect("at first", definitions.DefaultARR)
	if err := set(&week); err != nil {
		t.Fatal(err)
	}
	expect("set", week)
	if err := set(nil); err != nil {
		t.Errorf("none: %v", err)
	}
	expect("none set", week)
	if err := set(&definitions.ARR{WindowDays: 8, Multiplier: 52}); err == nil {
		t.Error("a window of 8 days is taken")
	}
	expect("refused", week)

	if err := tables.OpenEpoch(t.Context(), store.Record{Topic: stream.Usage.Topic(), Partitions: 2}); err != nil {
		t.Fatal(err)
	}
	if err := set(&month); err != nil {
		t.Errorf("another one of what is folded already, which is folded anew by it: %v", err)
	}
	expect("of what is folded already", week)
	if err := set(&week); err != nil {
		t.Errorf("the one that it has: %v", err)
	}

	// The statuses belong to the other topic, of which nothing is folded.
	active := definitions.Statuses("active")
	if err := define(t.Context(), tables, definitions.Wanted{Statuses: &active}); err != nil {
		t.Fatal(err)
	}
	if got, err := tables.Statuses(t.Context(), 0); err != nil || got != active {
		t.Errorf("statuses %q, %v", got, err)
	}
	expect("of the other topic", week)

	// What is folded of another epoch, before a rebuild, does not count.
	if err := tables.SwitchEpoch(t.Context(), stream.Usage.Topic(), 1, nil, "test"); err != nil {
		t.Fatal(err)
	}
	if err := set(&month); err != nil {
		t.Errorf("in an epoch that nothing is folded of: %v", err)
	}
	expect("before that epoch", week)
}
