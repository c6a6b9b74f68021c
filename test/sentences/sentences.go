// Package sentences holds what the program says to people against files of
// text, so that words are reviewed as text. A sentence names the thing, the
// rule and the way out.
//
// A file is a list of entries: what was done, flush left, and under it, indented,
// what was said. Lines that begin with # are comments; they stay at the head.
package sentences

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var write = flag.Bool("sentences", false, "write the files of sentences anew")

// Said is one sentence and what it was said of.
type Said struct{ Of, Sentence string }

// Check compares what was said with a file. With -sentences it writes the file
// first, all but its head.
func Check(t *testing.T, file string, said []Said) {
	t.Helper()
	seen := map[string]bool{}
	var b strings.Builder
	for _, s := range said {
		of := oneLine(s.Of)
		if seen[of] {
			t.Errorf("%s: two entries are of %s", file, of)
		}
		seen[of] = true
		if s.Sentence == "" || strings.Contains(s.Sentence, "%!") {
			t.Errorf("%s: of %s it is said: %q", file, of, s.Sentence)
		}
		b.WriteString("\n" + of + "\n")
		for line := range strings.SplitSeq(strings.TrimRight(s.Sentence, "\n"), "\n") {
			b.WriteString(strings.TrimRight("    "+line, " ") + "\n")
		}
	}
	known, err := os.ReadFile(file)
	if err != nil && !(*write && os.IsNotExist(err)) {
		t.Fatal(err) // a file that is not there is a failure
	}
	head, body := split(string(known))
	if *write {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(head+b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	compare(t, file, body, b.String())
}

// split parts a file after its comments.
func split(text string) (head, body string) {
	rest := text
	for strings.HasPrefix(rest, "#") {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	return text[:len(text)-len(rest)], rest
}

// compare tells each entry that differs, is missing or is too many.
func compare(t *testing.T, file, want, got string) {
	t.Helper()
	if got == want {
		return
	}
	wanted, found := entries(want), entries(got)
	for of, sentence := range found {
		switch other, ok := wanted[of]; {
		case !ok:
			t.Errorf("%s has no entry of %s; it is said:\n%s", file, of, sentence)
		case other != sentence:
			t.Errorf("%s: of %s it is said:\n%s\nwant:\n%s", file, of, sentence, other)
		}
	}
	for of := range wanted {
		if _, ok := found[of]; !ok {
			t.Errorf("%s: of %s nothing is said", file, of)
		}
	}
	if !t.Failed() {
		t.Errorf("%s has its entries in another order", file)
	}
}

// entries are the entries of a file's body.
func entries(body string) map[string]string {
	m := map[string]string{}
	for entry := range strings.SplitSeq(body, "\n\n") {
		of, sentence, _ := strings.Cut(strings.TrimLeft(entry, "\n"), "\n")
		if of != "" {
			m[of] = strings.TrimRight(sentence, "\n")
		}
	}
	return m
}

// oneLine is s on one line, shortened; in quotes if it cannot be printed.
func oneLine(s string) string {
	if s == "" || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		s = strconv.Quote(s)
	}
	if cut := []rune(s); len(cut) > 140 {
		return string(cut[:140]) + "…"
	}
	return s
}
