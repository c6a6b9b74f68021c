package verify_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var (
	update     = flag.Bool("update", false, "write the table of docs/VERIFY.md")
	everyCheck = flag.Bool("every-check", false, "make all checks that read what was tampered with, not only those that are to see it; make test-long does")
)

// said picks the checks to make for a tampering: those that the page says see it, and
// where every check is asked for, or the page does not know it, all that could. What counts
// the log needs the records.
func said(t *testing.T) func(*tampering) func(check string) bool {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return func(tt *tampering) func(string) bool {
		_, after, known := strings.Cut(string(text), "\n| "+tt.name+" | ")
		row, _, _ := strings.Cut(after, " |\n")
		if *everyCheck || *update || !known {
			return tt.seenBy
		}
		seen := strings.Split(row, "; ")
		if slices.Contains(seen, eachCount) {
			seen = append(seen, eachRecord, eachChange)
		}
		return only(seen...)
	}
}

// page has the table of tamperings at its end.
const page = "../../../docs/VERIFY.md"

// hold compares the table at the end of a page with the one that it must be.
func hold(t *testing.T, path, table string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, is, ok := strings.Cut(string(text), "| what was tampered with |")
	if !ok {
		t.Fatalf("%s has no table of tamperings", path)
	}
	if *update {
		if err := os.WriteFile(path, []byte(head+table), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if is := "| what was tampered with |" + is; is != table {
		t.Errorf("the table of %s is not (write it with -update, and look at what changed):\n%s", path, table)
	}
}
