package rows_test

import (
	"reflect"
	"testing"

	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/test/schema"
)

// Every kind of row in a Changes has its table, and progress is written last.
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
