package docs_test

import (
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

// TestEveryHaltHasItsWayOut: each reason for which a partition is halted is a row of
// ARCHITECTURE.md and a runbook, and each row names tests that there are, which walk its way out.
func TestEveryHaltHasItsWayOut(t *testing.T) {
	tests := testsByName(t)
	named := map[string]bool{}
	inTable := false
	for i, line := range lines(t, "../ARCHITECTURE.md") {
		switch {
		case strings.HasPrefix(line, "| reason | the sentence names"):
			inTable = true
		case !strings.HasPrefix(line, "|"):
			inTable = false
		case inTable && !strings.HasPrefix(line, "|-"):
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for reason := range strings.SplitSeq(cells[0], ",") {
				named[strings.TrimSpace(reason)] = true
			}
			walked := regexp.MustCompile(`Test\w+`).FindAllString(cells[len(cells)-1], -1)
			if len(walked) == 0 {
				t.Errorf("ARCHITECTURE.md:%d: no test walks the way out", i+1)
			}
			for _, name := range walked {
				if !tests[name] {
					t.Errorf("ARCHITECTURE.md:%d: there is no %s", i+1, name)
				}
			}
		}
	}
	reasons := reasonsOfHalts(t)
	if len(reasons) < 10 || len(reasons) != len(named) {
		t.Errorf("%d reasons, and %d in the table", len(reasons), len(named))
	}
	for _, r := range reasons {
		if !named[r] {
			t.Errorf("ARCHITECTURE.md does not have the reason %s", r)
		}
		if _, err := os.Stat(filepath.Join(root, "deploy/runbooks/halted-"+r+".md")); err != nil {
			t.Errorf("the reason %s has no runbook: %v", r, err)
		}
	}
}

// reasonsOfHalts are the constants of worker.Reason.
func reasonsOfHalts(t *testing.T) (reasons []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "consumers/worker/halted.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == "Reason" {
			for _, v := range spec.Values {
				if text, err := strconv.Unquote(v.(*ast.BasicLit).Value); err == nil {
					reasons = append(reasons, text)
				}
			}
		}
		return true
	})
	slices.Sort(reasons)
	return reasons
}

// testsByName are the tests of the repository.
func testsByName(t *testing.T) map[string]bool {
	t.Helper()
	tests := map[string]bool{}
	header := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range header.FindAllSubmatch(text, -1) {
			tests[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}
