//go:build alerts

package alerts

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// The repository, and what fetch.sh brings.
const (
	root  = "../.."
	rules = root + "/deploy/prometheus"
)

// program is the path of one of Prometheus's programs, which must be there.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, ".cache/prometheus/usr/bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath(path); err != nil {
		t.Fatalf("%s is not there: run test/alerts/fetch.sh, as make test-alerts does: %v", name, err)
	}
	return path
}

// TestRules: each alert fires and is silent as the files of promtool's unit tests say, and
// rules and samples are what Prometheus takes.
func TestRules(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(rules + "/testdata/*.test.yml")
	if err != nil || len(files) != 2 {
		t.Fatalf("%d files of unit tests: %v", len(files), err)
	}
	ran := append([]string{"test", "rules"}, files...)
	for _, args := range [][]string{ran, {"check", "config", rules + "/prometheus.yml"}} {
		if out, err := exec.CommandContext(t.Context(), program(t, "promtool"), args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}
