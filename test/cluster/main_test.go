//go:build cluster && linux

package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Built once for all tests.
var (
	runrateBinary string
	tool          string // chcluster, "" where its source is not there
	absent        string // why there is no tool
)

// root is the repository.
const root = "../.."

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "runrate-cluster-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	source := os.Getenv("RUNRATE_CHCLUSTER")
	if source == "" {
		source = filepath.Join(root, "..", "shared", "cluster")
	}
	if _, err := os.Stat(filepath.Join(source, "go.mod")); err != nil {
		absent = fmt.Sprintf("no cluster to test on: the source of chcluster is not in %s (RUNRATE_CHCLUSTER names another place)", source)
		return m.Run()
	}
	runrateBinary, tool = filepath.Join(dir, "runrate"), filepath.Join(dir, "chcluster")
	for out, from := range map[string]string{runrateBinary: root, tool: source} {
		pkg := "."
		if out == runrateBinary {
			pkg = "./cmd/runrate"
		}
		cmd := exec.Command("go", "build", "-o", out, pkg)
		cmd.Dir, cmd.Env = from, append(os.Environ(), "CGO_ENABLED=0", "GOTOOLCHAIN=auto")
		if text, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build %s in %s: %v\n%s", pkg, from, err, text)
			return 1
		}
	}
	return m.Run()
}

// engine is the flag that names what a node is made of.
func engine(t *testing.T) string {
	t.Helper()
	libraries, err := filepath.Glob(filepath.Join(root, ".cache", "clickhouse", "*", "libchdb.so"))
	if err != nil {
		t.Fatal(err)
	}
	if lib := os.Getenv("RUNRATE_CLICKHOUSE_LIB"); lib != "" {
		libraries = []string{lib}
	}
	if len(libraries) > 0 {
		return "--library=" + libraries[len(libraries)-1]
	}
	binary, err := exec.LookPath("clickhouse")
	if err != nil {
		t.Fatal("neither the ClickHouse library (make clickhouse) nor a clickhouse binary on the PATH is there")
	}
	return "--binary=" + binary
}
