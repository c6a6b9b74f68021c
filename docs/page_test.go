package docs_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestNumbers: each letter counts from 1 without a gap, and neither the page nor
// FAQ.md refers to a number that is not there.
func TestNumbers(t *testing.T) {
	texts, order := entries(t)
	last := map[byte]int{}
	for _, n := range order {
		i, _ := strconv.Atoi(n[1:])
		if i != last[n[0]]+1 {
			t.Errorf("%s follows %c%d", n, n[0], last[n[0]])
		}
		last[n[0]] = i
	}
	if len(last) != 9 {
		t.Errorf("%d letters, want E, R, M, W, S, A, F, V, L: %v", len(last), last)
	}
	for _, name := range []string{page, "FAQ.md"} {
		for i, line := range lines(t, name) {
			for _, n := range number.FindAllString(line, -1) {
				if _, ok := texts[n]; !ok {
					t.Errorf("%s:%d: there is no %s", name, i+1, n)
				}
			}
		}
	}
}

// TestViews: every view has an entry that begins with its name, and the other way
// round.
func TestViews(t *testing.T) {
	texts, order := entries(t)
	files, err := filepath.Glob(filepath.Join(root, "schemas/clickhouse/views/*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d views: %v", len(files), err)
	}
	var have, want []string
	for _, f := range files {
		have = append(have, strings.TrimSuffix(filepath.Base(f), ".sql"))
	}
	for _, n := range order {
		if n[0] == 'V' {
			name, _, _ := strings.Cut(strings.TrimPrefix(texts[n], "**"+n+"** `"), "`")
			want = append(want, name)
		}
	}
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("the views are\n%s\nand the entries\n%s", have, want)
	}
}

// TestColumns: the entry of a view ends with its columns, as a test of the schema
// holds them.
func TestColumns(t *testing.T) {
	texts, _ := entries(t)
	of := map[string][]string{}
	for _, line := range lines(t, filepath.Join(root, "schemas/clickhouse/testdata/views.txt")) {
		cells := strings.SplitN(line, " ", 3)
		of[cells[0]] = append(of[cells[0]], "`"+cells[1]+"`")
	}
	for n, text := range texts {
		if n[0] != 'V' {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(text, "**"+n+"** `"), "`")
		_, list, _ := strings.Cut(strings.Join(strings.Fields(text), " "), "*Columns:* ")
		if of[name] == nil { // asked for with a parameter: it has no columns before
			of[name] = of[name+"_now"]
		}
		if want := strings.Join(of[name], ", ") + "."; list != want {
			t.Errorf("%s: the columns of %s are\n%s\nand not\n%s", n, name, want, list)
		}
		if now, ok := of[name+"_now"]; ok && !slices.Equal(now, of[name]) {
			t.Errorf("%s_now has other columns than %s: %s", name, name, now)
		}
		delete(of, name)
		delete(of, name+"_now")
	}
	if len(of) > 0 {
		t.Errorf("columns of views without an entry: %v", of)
	}
}

// TestGlossary: each word once, in alphabetical order, with a meaning.
func TestGlossary(t *testing.T) {
	text := lines(t, page)
	from := slices.Index(text, "## Glossary")
	if from < 0 {
		t.Fatal("there is no glossary")
	}
	var words []string
	for _, line := range text[from:] {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| ") || line == "| word | meaning |" {
			continue
		}
		if len(cells) != 2 {
			t.Errorf("not a word and its meaning: %s", line)
			continue
		}
		words = append(words, strings.ToLower(strings.TrimPrefix(cells[0], "| ")))
	}
	if len(words) < 50 {
		t.Fatalf("only %d words", len(words))
	}
	for i := 1; i < len(words); i++ {
		if words[i-1] >= words[i] {
			t.Errorf("%q stands before %q", words[i-1], words[i])
		}
	}
}

// TestSources: every source that the comparison names by number is listed, and
// every one listed is named.
func TestSources(t *testing.T) {
	named, listed := map[string]bool{}, map[string]bool{}
	for _, line := range lines(t, page) {
		for _, m := range regexp.MustCompile(`\[([0-9]+)\]`).FindAllStringSubmatch(line, -1) {
			named[m[1]] = true
		}
		if m := regexp.MustCompile(`^([0-9]+)\. \S`).FindStringSubmatch(line); m != nil {
			listed[m[1]] = true
		}
	}
	for n := range named {
		if !listed[n] {
			t.Errorf("source %s is not listed", n)
		}
	}
	for n := range listed {
		if !named[n] {
			t.Errorf("source %s is never named", n)
		}
	}
	if len(listed) < 20 {
		t.Errorf("only %d sources", len(listed))
	}
}
