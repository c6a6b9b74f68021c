// Package docs_test holds the page of definitions and the code together: every
// number that is cited exists, and every reason and view has its entry.
package docs_test

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	page = "DEFINITIONS.md"
	root = ".."
)

var (
	entryHead = regexp.MustCompile(`^\*\*([A-Z][0-9]+)\*\* `)
	// One citation may name several: DEFINITIONS R1 to R4, docs/DEFINITIONS.md E7 and R4.
	citation = regexp.MustCompile(`DEFINITIONS(?:\.md)? ([A-Z][0-9]+(?:(?:, | and | to |, and )[A-Z][0-9]+)*)`)
	number   = regexp.MustCompile(`\b[EMRWSAFVL][0-9]+\b`)
)

// entries are the texts of the page by number, from "**R1**" to the next blank
// line, and the numbers in the order in which they stand.
func entries(t *testing.T) (texts map[string]string, order []string) {
	t.Helper()
	texts = map[string]string{}
	current := ""
	for _, line := range lines(t, page) {
		if m := entryHead.FindStringSubmatch(line); m != nil {
			current = m[1]
			if _, twice := texts[current]; twice {
				t.Errorf("%s: %s stands twice", page, current)
			}
			order = append(order, current)
		}
		if line == "" {
			current = ""
		}
		if current != "" {
			texts[current] += line + "\n"
		}
	}
	return texts, order
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		out = append(out, s.Text())
	}
	if err := s.Err(); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return out
}

// source calls visit with every line of the repository's own text, but for the
// page and its tests.
func source(t *testing.T, visit func(path string, line int, text string)) {
	t.Helper()
	kinds := []string{".go", ".sql", ".md", ".proto", ".sh", ".yaml", ".yml", ".txt", ".json", ".xml", ""}
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (name == ".git" || name == ".cache" || name == "bin" || name == "data" || name == "fuzz"):
			return filepath.SkipDir
		case d.IsDir() || !d.Type().IsRegular() || !slices.Contains(kinds, filepath.Ext(name)):
			return nil
		case filepath.Dir(path) == filepath.Join(root, "docs") && (name == page || strings.HasSuffix(name, "_test.go")):
			return nil
		}
		files++
		for i, text := range lines(t, path) {
			visit(strings.TrimPrefix(path, root+"/"), i+1, text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 200 {
		t.Fatalf("only %d files were looked at", files)
	}
}

// TestCitations: what code, tests, SQL and pages cite is there.
func TestCitations(t *testing.T) {
	texts, _ := entries(t)
	cited := map[string]bool{}
	source(t, func(path string, line int, text string) {
		for _, m := range citation.FindAllStringSubmatch(text, -1) {
			for _, n := range number.FindAllString(m[1], -1) {
				cited[n] = true
				if _, ok := texts[n]; !ok {
					t.Errorf("%s:%d cites DEFINITIONS %s, which is not there", path, line, n)
				}
			}
		}
	})
	for _, n := range []string{"R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9"} {
		if !cited[n] {
			t.Errorf("no code cites %s", n)
		}
	}
}

// TestNothingPointsOutside: the definitions live here, so nothing sends its
// reader to a page that a checkout does not have.
func TestNothingPointsOutside(t *testing.T) {
	outside := regexp.MustCompile(`DESIGN\.md|OPERATE\.md|DOOR\.md|TRAPS\.md|STYLE\.md|shared/design|[Ss]ection [0-9]+ of the contract`)
	source(t, func(path string, line int, text string) {
		if m := outside.FindString(text); m != "" {
			t.Errorf("%s:%d points to %q; the definitions are in docs/%s", path, line, m, page)
		}
	})
}

// TestReasons: every reason for a refusal stands, in backticks, in the entry that
// its constant cites.
func TestReasons(t *testing.T) {
	texts, _ := entries(t)
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "internal/event/refusal.go"), nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	reasons := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Reason" {
			return true
		}
		reasons++
		value, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		cites := citation.FindStringSubmatch(spec.Comment.Text())
		if cites == nil {
			t.Errorf("%s cites no entry", spec.Names[0])
		} else if !strings.Contains(texts[cites[1]], "`"+value+"`") {
			t.Errorf("%s is %q, of which %s does not speak", spec.Names[0], value, cites[1])
		}
		return true
	})
	if reasons < 8 {
		t.Errorf("only %d reasons were found", reasons)
	}
}
