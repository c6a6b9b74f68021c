package lagtraces

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/table.txt again")

// TestTraces: each trace is reported as what it is within two minutes, nobody is woken
// for anything else, and nothing is said before it strikes.
func TestTraces(t *testing.T) {
	for _, tr := range All() {
		t.Run(tr.Name, func(t *testing.T) {
			seen := Run(tr)
			if tr.Want != "" {
				if at, ok := seen.Ours[tr.Want]; !ok || at < 0 || at > 120 {
					t.Errorf("must be %s within 120 s; seen %v", tr.Want, seen.Ours)
				}
			}
			for _, page := range seen.Pages {
				if page != tr.Want {
					t.Errorf("somebody is woken for %s at %+d s: %s", page, seen.Ours[page], seen.Sentence[page])
				}
			}
			for _, never := range tr.Never {
				if at, ok := seen.Ours[never]; ok {
					t.Errorf("%s at %+d s: %s", never, at, seen.Sentence[never])
				}
			}
			if seen.Early {
				t.Errorf("before it strikes: %v", seen.Ours)
			}
		})
	}
}

// TestTable: the table says what it said; read the difference before it is written again
// by -update.
func TestTable(t *testing.T) {
	const file = "testdata/table.txt"
	got := Table()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the table is another one; it is now:\n%s", got)
	}
}
