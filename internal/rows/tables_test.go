package rows_test

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/test/schema"
)

// TestEveryRowHasItsTable: every kind of row in a Changes has its table, and
// progress is written last.
func TestEveryRowHasItsTable(t *testing.T) {
	changes, fields := reflect.TypeFor[rows.Changes](), 1 // Progress
	for i := range changes.NumField() {
		if changes.Field(i).Type.Kind() == reflect.Func {
			fields++
		}
	}
	tables, seen := rows.Tables(), map[string]bool{}
	if writers := reflect.TypeFor[rows.Writer]().NumMethod(); len(tables) != fields || writers != fields {
		t.Fatalf("%d tables and %d methods of Writer for %d fields of Changes", len(tables), writers, fields)
	}
	c := schema.OneOfEach(stream.Source{Topic: stream.Usage.Topic()})
	for _, table := range tables {
		n := 0
		for r := range table.Rows(&c) {
			if n++; r.Table() != table.Name {
				t.Errorf("%s has a row of %s", table.Name, r.Table())
			}
		}
		if n != 1 || seen[table.Name] {
			t.Errorf("%s: %d rows of 1; listed before: %v", table.Name, n, seen[table.Name])
		}
		seen[table.Name] = true
	}
	if last := tables[len(tables)-1].Name; last != (rows.Progress{}).Table() {
		t.Errorf("%s is written after the progress that vouches for it", last)
	}
}

// TestInRange: a row with any amount that has overflowed is not in range.
func TestInRange(t *testing.T) {
	overflow, ok := money.FromInt(math.MaxInt64).MulInt(math.MaxInt64)
	if ok {
		t.Fatalf("%s is no overflow", overflow)
	}
	c := schema.OneOfEach(stream.Source{Topic: stream.Usage.Topic()})
	found := 0
	for _, table := range rows.Tables() {
		for r := range table.Rows(&c) {
			if !r.InRange() {
				t.Errorf("%s: %+v", table.Name, r)
			}
			for _, path := range amounts(reflect.TypeOf(r), nil) {
				changed := reflect.New(reflect.TypeOf(r)).Elem()
				changed.Set(reflect.ValueOf(r))
				changed.FieldByIndex(path).Set(reflect.ValueOf(overflow))
				if changed.Interface().(rows.Row).InRange() {
					t.Errorf("%s is in range with an overflow as %s", table.Name, reflect.TypeOf(r).FieldByIndex(path).Name)
				}
				found++
			}
		}
	}
	if found < 18 {
		t.Errorf("only %d amounts in all rows", found)
	}
}

// amounts are the paths to all amounts in a struct.
func amounts(in reflect.Type, path []int) (all [][]int) {
	for i := range in.NumField() {
		f, at := in.Field(i).Type, append(slices.Clone(path), i)
		switch {
		case f == reflect.TypeFor[money.Amount]():
			all = append(all, at)
		case f.Kind() == reflect.Struct:
			all = append(all, amounts(f, at)...)
		}
	}
	return all
}
