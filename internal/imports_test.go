package internal_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// pure are the packages that decide what a number is. They must not know Kafka,
// ClickHouse, a logger, a context, the wall clock's users, or any I/O: what they
// compute is a function of their arguments.
var pure = []string{
	"runrate/internal/money", "runrate/internal/event", "runrate/internal/calendar", "runrate/internal/stream",
	"runrate/internal/pricebook", "runrate/internal/rows", "runrate/consumers/intake", "runrate/consumers/netnew",
	"runrate/consumers/usage", "runrate/consumers/subscriptions", "runrate/schemas/snapshot/v1",
}

// forbidden are what a pure package must not import itself, by prefix.
var forbidden = []string{
	"context", "log", "os", "net", "io/fs", "database/", "math/rand", "crypto/rand", "sync", "runtime", "unsafe",
	"github.com/segmentio/", "github.com/ClickHouse/", "github.com/twmb/", "go.uber.org/", "github.com/spf13/",
	"runrate/consumers/store", "runrate/consumers/worker", "runrate/consumers/snapshots", "runrate/consumers/consume",
	"runrate/internal/broker", "runrate/internal/sim", "runrate/deploy", "runrate/producers", "runrate/cmd",
}

// allowed are the exceptions: time is imported for its types and formats, and
// generated code for what the generator writes.
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

// TestOneWay: producers and consumers do not know one another, and nothing
// under internal or schemas knows either, but for the tests' simulation, the
// verifier and the chaos harness, which stand outside.
func TestOneWay(t *testing.T) {
	outside := []string{"runrate/internal/sim", "runrate/internal/verify", "runrate/internal/chaos"}
	for _, p := range list(t, "runrate/...") {
		for _, imported := range p.Imports {
			switch {
			case strings.HasPrefix(p.ImportPath, "runrate/producers/") && imported == "runrate/consumers/worker",
				strings.HasPrefix(p.ImportPath, "runrate/consumers/") && strings.HasPrefix(imported, "runrate/producers/"),
				strings.HasPrefix(p.ImportPath, "runrate/schemas") && strings.HasPrefix(imported, "runrate/consumers/"),
				strings.HasPrefix(imported, "runrate/cmd/"):
				t.Errorf("%s imports %s", p.ImportPath, imported)
			case strings.HasPrefix(p.ImportPath, "runrate/internal/") && strings.HasPrefix(imported, "runrate/consumers/"):
				ok := false
				for _, o := range outside {
					ok = ok || strings.HasPrefix(p.ImportPath, o)
				}
				if !ok {
					t.Errorf("%s imports %s", p.ImportPath, imported)
				}
			}
		}
	}
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
	for _, a := range allowed[path] {
		if a == imported {
			return true
		}
	}
	return false
}
