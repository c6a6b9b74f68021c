// Package imports_test holds the direction of the imports.
//
// Two rules: between the top-level folders all arrows point one way (below), and
// the packages that decide what a number is are pure.
package imports_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// below says, for each top-level folder, which others it may import. What only
// proves stands in test/, which nothing that ships imports; the tests beside
// the code (_test.go files) may.
//
//	cmd ──┬─► producers ──┐
//	      ├─► consumers ──┼─► internal ──► schemas
//	      └─► deploy      ┘
//	test ───► all of them
var below = map[string][]string{
	"docs":      {}, // a page, and the test that holds the code to it
	"schemas":   {},
	"deploy":    {},
	"internal":  {"schemas"},
	"producers": {"internal", "schemas"},
	"consumers": {"internal", "schemas"},
	"cmd":       {"producers", "consumers", "deploy", "internal", "schemas"},
	"test":      {"cmd", "producers", "consumers", "deploy", "internal", "schemas"},
}

// pure are the packages that decide what a number is. They must not know Kafka,
// ClickHouse, a logger, a context, the wall clock's users, or any I/O: what they
// compute is a function of their arguments.
var pure = []string{
	"runrate/internal/money", "runrate/internal/event", "runrate/internal/calendar", "runrate/internal/stream",
	"runrate/internal/lag/judge", "runrate/internal/pricebook", "runrate/internal/document", "runrate/internal/fx", "runrate/internal/rows", "runrate/consumers/intake", "runrate/consumers/netnew", "runrate/consumers/late",
	"runrate/producers/gateway/request",
	"runrate/consumers/state", "runrate/consumers/fold", "runrate/consumers/usage", "runrate/consumers/subscriptions",
	"runrate/schemas/snapshot/v1", "runrate/schemas/topics", "runrate/schemas/definitions",
}

// forbidden are what a pure package must not import itself, by prefix.
var forbidden = []string{
	"context", "log", "os", "net", "io/fs", "database/", "math/rand", "crypto/rand", "sync", "runtime", "unsafe",
	"github.com/segmentio/", "github.com/ClickHouse/", "github.com/twmb/", "go.uber.org/", "github.com/spf13/",
}

// allowed are the exceptions: generated code imports what the generator writes.
var allowed = map[string][]string{"runrate/schemas/snapshot/v1": {"sync", "unsafe"}}

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func list(t *testing.T, args ...string) []listed {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Deps"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p listed
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	return packages
}

// TestPure holds the pure packages to their imports, and to one another: what
// they depend on of this module is pure, too.
func TestPure(t *testing.T) {
	isPure := map[string]bool{}
	for _, p := range pure {
		isPure[p] = true
	}
	found := list(t, pure...)
	if len(found) != len(pure) {
		t.Fatalf("%d of %d packages found", len(found), len(pure))
	}
	for _, p := range found {
		for _, imported := range p.Imports {
			if bad(imported) && !exempt(p.ImportPath, imported) {
				t.Errorf("%s imports %s: a pure package computes from its arguments alone", p.ImportPath, imported)
			}
		}
		for _, dep := range p.Deps {
			if strings.HasPrefix(dep, "runrate/") && !isPure[dep] {
				t.Errorf("%s depends on %s, which is not pure", p.ImportPath, dep)
			}
			if strings.HasPrefix(dep, "github.com/segmentio/") || strings.HasPrefix(dep, "github.com/ClickHouse/") || strings.HasPrefix(dep, "go.uber.org/zap") {
				t.Errorf("%s depends on %s", p.ImportPath, dep)
			}
		}
	}
}

// TestOneWay holds the arrows between the top-level folders to below, and with
// that nothing that ships imports test/.
func TestOneWay(t *testing.T) {
	packages := list(t, "-tags", "kafka", "runrate/...")
	if len(packages) < 20 {
		t.Fatalf("only %d packages found", len(packages))
	}
	for _, p := range packages {
		from := folder(p.ImportPath)
		may, known := below[from]
		if !known {
			t.Errorf("%s: folder %s has no place among the folders: give it one", p.ImportPath, from)
		}
		for _, imported := range p.Imports {
			to := folder(imported)
			if to == "" || to == from || slices.Contains(may, to) {
				continue
			}
			t.Errorf("%s imports %s: no arrow goes from %s to %s", p.ImportPath, imported, from, to)
		}
	}
}

// TestNothingProvingShips: the program has nothing of test/ in it.
func TestNothingProvingShips(t *testing.T) {
	for _, p := range list(t, "runrate/cmd/...") {
		for _, dep := range p.Deps {
			if folder(dep) == "test" {
				t.Errorf("%s depends on %s", p.ImportPath, dep)
			}
		}
	}
}

// folder is the top-level folder of a package of this module, "" of any other.
func folder(path string) string {
	rest, own := strings.CutPrefix(path, "runrate/")
	if !own {
		return ""
	}
	top, _, _ := strings.Cut(rest, "/")
	return top
}

func bad(imported string) bool {
	for _, f := range forbidden {
		if imported == f || strings.HasPrefix(imported, strings.TrimSuffix(f, "/")+"/") {
			return true
		}
	}
	return false
}

func exempt(path, imported string) bool {
	return slices.Contains(allowed[path], imported)
}
