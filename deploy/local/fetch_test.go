package local_test

import (
	"os"
	osexec "os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"runrate/deploy/local"
)

// fetchRun runs fetch-clickhouse.sh on dir with a stand-in for npm, whose script
// is given ("" for no npm at all), and returns what it said.
func fetchRun(t *testing.T, dir, npm string) (string, error) {
	t.Helper()
	bin := t.TempDir()
	for _, tool := range []string{"sh", "dirname", "uname", "grep", "cat", "wc", "tr", "mkdir", "mktemp", "rm", "mv", "cut", "tar", "gzip", "sha512sum", "shasum", "perl"} {
		if path, err := osexec.LookPath(tool); err == nil {
			if err := os.Symlink(path, filepath.Join(bin, tool)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if npm != "" {
		if err := os.WriteFile(filepath.Join(bin, "npm"), []byte("#!/bin/sh\n"+npm), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := osexec.Command(filepath.Join(bin, "sh"), "./fetch-clickhouse.sh", dir)
	cmd.Env = []string{"PATH=" + bin}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestFetchClickHouse(t *testing.T) {
	if runtime.GOOS+"/"+runtime.GOARCH != "linux/amd64" {
		t.Log("no package is pinned for this platform; the script says so")
		out, err := fetchRun(t, t.TempDir(), "")
		if err == nil || !strings.Contains(out, "PATH") {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	for name, c := range map[string]struct {
		npm  string
		want []string
	}{
		"no npm":         {"", []string{"npm is not installed", "Install npm"}},
		"npm fails":      {"echo no network >&2; exit 1", []string{"no network", "npm pack @chdb/lib-linux-x64-gnu@26.7.3-stable.1` failed"}},
		"another file":   {"echo other.tgz", []string{"did not write chdb-lib-linux-x64-gnu-26.7.3-stable.1.tgz", "other.tgz"}},
		"wrong checksum": {`echo evil >"$4/chdb-lib-linux-x64-gnu-26.7.3-stable.1.tgz"`, []string{"does not have the pinned checksum", "5cff7b98caa7", "62895b9c32f7"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "lib")
			out, err := fetchRun(t, dir, c.npm)
			if err == nil {
				t.Fatalf("it succeeded: %s", out)
			}
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("%q does not say %q", out, want)
				}
			}
			left, err := os.ReadDir(dir)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if len(left) > 0 {
				t.Errorf("it left %v", left)
			}
		})
	}

	t.Run("there already", func(t *testing.T) {
		pins, err := os.ReadFile("clickhouse.sha512")
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(pins)), "\n")
		sum, _, _ := strings.Cut(lines[len(lines)-1], " ")
		dir := t.TempDir()
		write := func(name, s string) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(s), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("libchdb.so", "12345")
		write("libchdb.so.sha512", sum+" 5\n")
		if out, err := fetchRun(t, dir, ""); err != nil || out != "" {
			t.Errorf("%v: %s", err, out)
		}
		write("libchdb.so", "123")
		if out, err := fetchRun(t, dir, ""); err == nil {
			t.Errorf("it takes a library of another size: %s", out)
		}
	})
}

// TestClickHouseMissing: without a library or a binary, the error says how to get
// one.
func TestClickHouseMissing(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("PATH", "")
	_, err := local.StartClickHouse(t.Context(), local.Config{Dir: t.TempDir()})
	if err == nil {
		t.Fatal("started")
	}
	for _, want := range []string{"ClickHouse is missing", "make clickhouse", "RUNRATE_CLICKHOUSE_LIB", local.Version} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\ndoes not say %q", err, want)
		}
	}
	if local.Version != "26.7.3-stable.1" {
		t.Errorf("version %q is not the one that clickhouse.sha512 pins", local.Version)
	}
}
