//go:build deploy

package deploy

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The repository, what fetch.sh brings, and what make image builds.
const (
	root  = "../.."
	chart = root + "/deploy/helm/runrate"
)

// tool is the path of one of the tools, which must be there.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, ".cache/deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath(path); err != nil {
		t.Fatalf("%s is not there: run test/deploy/fetch.sh, as make test-deploy does: %v", name, err)
	}
	return path
}

// binary is the program as it is in the image.
func binary(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "bin/image/runrate"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath(path); err != nil {
		t.Fatalf("bin/image/runrate is not there: make image builds it, as make test-deploy does: %v", err)
	}
	return path
}

// run runs a command in a directory, and returns what it wrote.
func run(t *testing.T, dir, name string, args ...string) (out string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	b, err := cmd.CombinedOutput()
	return string(b), err
}

// understood holds that the program takes a command line, and that each variable of the
// environment that is runrate's is one of the command's flags: others would do nothing, in
// silence.
func understood(t *testing.T, what string, args []string, environment []string) {
	t.Helper()
	help, err := run(t, ".", binary(t), append(args, "--help")...)
	if err != nil {
		t.Errorf("%s: runrate %s: %v\n%s", what, strings.Join(args, " "), err, help)
		return
	}
	for _, name := range environment {
		flag, ours := strings.CutPrefix(name, "RUNRATE_")
		flag = "--" + strings.ReplaceAll(strings.ToLower(flag), "_", "-")
		if ours && !regexp.MustCompile(flag+`[\s\[]`).MatchString(help) {
			t.Errorf("%s: %s is set, but runrate %s has no flag %s", what, name, args[0], flag)
		}
	}
}
