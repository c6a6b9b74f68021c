package local_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"runrate/deploy/local"
)

// serverEnv makes this test binary stand in for `clickhouse`: it is then ClickHouse
// from the library, with the configuration and signals that the binary would get.
const serverEnv = "LOCAL_TEST_SERVER"

// server is what this test binary does as `clickhouse server --config-file=F`.
func server(args []string) {
	config, ok := strings.CutPrefix(args[len(args)-1], "--config-file=")
	if !ok || args[0] != "server" {
		fmt.Fprintf(os.Stderr, "clickhouse was run with %q\n", args)
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, local.RunLibrary(config))
	os.Exit(1)
}

// fakeClickHouse writes a `clickhouse` that says it is of the given version, and
// returns its path.
func fakeClickHouse(t *testing.T, version string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "clickhouse")
	script := fmt.Sprintf(`#!/bin/sh
if [ "$2" = --version ]; then echo "ClickHouse $1 version %s (official build)."; exit; fi
echo $$ >"$PIDFILE"
%s=1 exec %s "$@"
`, version, serverEnv, self)
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestClickHouseFromBinary: a binary on PATH is preferred; it gets the
// configuration, ends with Stop, and with the process above it, even by kill -9.
func TestClickHouseFromBinary(t *testing.T) {
	bin := fakeClickHouse(t, "26.7.2.1")
	pidFile := filepath.Join(t.TempDir(), "pid")
	t.Setenv("PIDFILE", pidFile)
	t.Setenv("LOCAL_TEST_LIBRARY", local.FindLibrary())
	t.Setenv("PATH", filepath.Dir(bin)+string(os.PathListSeparator)+os.Getenv("PATH"))
	dir := t.TempDir()
	for i, end := range []func(*local.ClickHouse) error{
		func(c *local.ClickHouse) error { return c.Stop(context.Background()) },
		func(c *local.ClickHouse) error { return c.Kill() },
	} {
		ch, err := local.StartClickHouse(t.Context(), local.Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(pidFile)
		if err != nil {
			t.Fatalf("the binary was not run: %v", err)
		}
		var pid int
		fmt.Sscan(string(b), &pid)
		if pid == ch.PID() || !alive(pid) {
			t.Fatalf("server process %d, child %d", pid, ch.PID())
		}
		conn := dial(t, ch.TCPAddr())
		if i == 0 {
			exec(t, conn, "CREATE DATABASE d ENGINE = Atomic")
		}
		if got := scan[uint64](t, conn, "SELECT count() FROM system.databases WHERE name = 'd'"); got != 1 {
			t.Errorf("database d is there %d times", got)
		}
		if err := end(ch); err != nil {
			t.Errorf("end %d: %v", i, err)
		}
		within(t, 5*time.Second, "the server ends", func() bool { return !alive(pid) })
	}

	// The binary's version decides, before it sees the directory.
	old := fakeClickHouse(t, "24.8.1.1")
	if ch, err := local.StartClickHouse(t.Context(), local.Config{Dir: dir, Binary: old}); err == nil {
		ch.Kill()
		t.Error("an older ClickHouse opened the directory")
	} else if !strings.Contains(err.Error(), "the older 24.8.1.1") {
		t.Error(err)
	}
}
