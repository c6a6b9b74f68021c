package local_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"runrate/deploy/local"
	"runrate/test/localtest"
)

// TestClickHouseSettings: what a query sees is what the pipeline relies on.
func TestClickHouseSettings(t *testing.T) {
	conn := dial(t, localtest.ClickHouse(t).TCPAddr())
	for _, c := range []struct{ query, want string }{
		{"SELECT timezone()", "UTC"},
		{"SELECT currentUser()", "default"},
		{"SELECT value FROM system.settings WHERE name = 'async_insert'", "0"},
		{"SELECT value FROM system.settings WHERE name = 'implicit_select'", "0"},
		{"SELECT value FROM system.settings WHERE name = 'log_queries'", "0"},
		{"SELECT value FROM system.settings WHERE name = 'query_profiler_cpu_time_period_ns'", "0"},
		{"SELECT value FROM system.settings WHERE name = 'query_profiler_real_time_period_ns'", "0"},
		{"SELECT value FROM system.merge_tree_settings WHERE name = 'fsync_after_insert'", "1"},
		{"SELECT value FROM system.merge_tree_settings WHERE name = 'fsync_part_directory'", "1"},
		{"SELECT value FROM system.server_settings WHERE name = 'mark_cache_size'", "67108864"},
		{"SELECT value FROM system.server_settings WHERE name = 'max_concurrent_queries'", "100"},
		{"SELECT value FROM system.server_settings WHERE name = 'background_pool_size'", "4"},
		{"SELECT toString(toUInt64(value) BETWEEN 1 AND 1000000000000) FROM system.server_settings WHERE name = 'max_server_memory_usage'", "1"},
		{"SELECT toString(count()) FROM system.tables WHERE database = 'system' AND name LIKE '%\\_log'", "0"},
		{"SELECT engine FROM system.databases WHERE name = '" + localtest.Database(t) + "'", "Atomic"},
	} {
		if got := scan[string](t, conn, c.query); got != c.want {
			t.Errorf("%s = %q, want %q", c.query, got, c.want)
		}
	}
}

func TestClickHouseListensOnLoopbackOnly(t *testing.T) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	ch := localtest.ClickHouse(t)
	for _, a := range addrs {
		ip := a.(*net.IPNet).IP
		if ip.IsLoopback() || ip.IsLinkLocalUnicast() {
			continue
		}
		for _, addr := range []string{ch.TCPAddr(), ch.HTTPAddr()} {
			_, port, err := net.SplitHostPort(addr)
			if err != nil {
				t.Fatal(err)
			}
			conn, err := net.DialTimeout("tcp", net.JoinHostPort(ip.String(), port), time.Second)
			if err == nil {
				conn.Close()
				t.Errorf("port %s is open on %v", port, ip)
			}
		}
	}
}

// TestClickHouseRestart: tables, rows and views are there again after an end in
// order, and after kill -9.
func TestClickHouseRestart(t *testing.T) {
	dir := t.TempDir()
	end := map[string]func(*local.ClickHouse) error{
		"stop":    func(c *local.ClickHouse) error { return c.Stop(context.Background()) },
		"kill -9": func(c *local.ClickHouse) error { return c.Kill() },
	}
	rows := uint64(0)
	for i, how := range []string{"stop", "kill -9", "kill -9", "stop"} {
		ch := startClickHouse(t, dir)
		conn := dial(t, ch.TCPAddr())
		if i == 0 {
			exec(t, conn, "CREATE DATABASE revenue ENGINE = Atomic")
			exec(t, conn, "CREATE TABLE revenue.t (k UInt64, v Decimal(38, 12)) ENGINE = ReplacingMergeTree ORDER BY k")
			exec(t, conn, "CREATE VIEW revenue.v AS SELECT k, v FROM revenue.t FINAL")
		}
		if got := scan[uint64](t, conn, "SELECT count() FROM revenue.v"); got != rows {
			t.Fatalf("start %d: %d rows, want %d", i, got, rows)
		}
		exec(t, conn, fmt.Sprintf("INSERT INTO revenue.t SELECT number + %d, number FROM numbers(1000)", rows))
		rows += 1000
		if err := end[how](ch); err != nil {
			t.Fatalf("%s: %v", how, err)
		}
		if alive(ch.PID()) {
			t.Fatalf("process %d is there after %s", ch.PID(), how)
		}
		if err := ch.Wait(); err != nil {
			t.Errorf("Wait after %s: %v", how, err)
		}
		if err := ch.Stop(context.Background()); err != nil {
			t.Errorf("a second stop: %v", err)
		}
	}
}

// TestClickHouseEndsByItself: whoever waits learns that the process ended and how.
func TestClickHouseEndsByItself(t *testing.T) {
	ch, err := local.StartClickHouse(t.Context(), local.Config{Dir: t.TempDir(), Library: os.Getenv("RUNRATE_CLICKHOUSE_LIB")})
	if err != nil {
		t.Fatal(err)
	}
	if err := ch.Err(); err != nil {
		t.Fatalf("while it runs: %v", err)
	}
	if err := syscall.Kill(ch.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	err = ch.Wait()
	if want := fmt.Sprintf("ClickHouse (process %d) ended by itself: signal: killed", ch.PID()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Wait: %v, want %q", err, want)
	}
	if err := ch.Stop(context.Background()); err == nil {
		t.Error("Stop hides that it had ended by itself")
	}
}

func TestClickHouseRefuses(t *testing.T) {
	running := localtest.ClickHouse(t)
	_, port, err := net.SplitHostPort(running.TCPAddr())
	if err != nil {
		t.Fatal(err)
	}
	var taken int
	fmt.Sscan(port, &taken)
	inUse := t.TempDir()
	startClickHouse(t, inUse)
	versioned := func(s string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "version"), []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	notLibrary := filepath.Join(t.TempDir(), "libchdb.so")
	if err := os.WriteFile(notLibrary, []byte("not ELF"), 0o600); err != nil {
		t.Fatal(err)
	}
	lib := os.Getenv("RUNRATE_CLICKHOUSE_LIB")
	for name, c := range map[string]struct {
		config local.Config
		want   []string
	}{
		"no directory":    {local.Config{}, []string{"no data directory"}},
		"tcp port taken":  {local.Config{Dir: t.TempDir(), TCPPort: taken, Library: lib}, []string{"--clickhouse-tcp-port", "port " + port, "address already in use"}},
		"http port taken": {local.Config{Dir: t.TempDir(), HTTPPort: taken, Library: lib}, []string{"--clickhouse-http-port", "port " + port}},
		"no such port":    {local.Config{Dir: t.TempDir(), HTTPPort: 70000, Library: lib}, []string{"--clickhouse-http-port 70000"}},
		"directory taken": {local.Config{Dir: inUse, Library: lib}, []string{inUse, "in use by another runrate", "--data-dir"}},
		"written by a newer ClickHouse": {local.Config{Dir: versioned("format 1\nclickhouse 99.1.2\n"), Library: lib},
			[]string{"written by ClickHouse 99.1.2", "older", "99.1 or newer"}},
		"written in another format": {local.Config{Dir: versioned("format 2\nclickhouse 26.7.3\n"), Library: lib}, []string{"format 2", "--data-dir"}},
		"version file spoilt":       {local.Config{Dir: versioned("what"), Library: lib}, []string{"not a version file"}},
		"library missing":           {local.Config{Dir: t.TempDir(), Library: "/nowhere/libchdb.so"}, []string{"/nowhere/libchdb.so", "make clickhouse"}},
		"library is none":           {local.Config{Dir: t.TempDir(), Library: notLibrary}, []string{notLibrary, "make clickhouse"}},
		"binary missing":            {local.Config{Dir: t.TempDir(), Binary: "/nowhere/clickhouse"}, []string{"/nowhere/clickhouse"}},
		"both":                      {local.Config{Dir: t.TempDir(), Library: notLibrary, Binary: "/bin/sh"}, []string{"name one"}},
	} {
		t.Run(name, func(t *testing.T) {
			ch, err := local.StartClickHouse(t.Context(), c.config)
			if err == nil {
				ch.Kill()
				t.Fatal("started")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v\ndoes not say %q", err, want)
				}
			}
		})
	}
}

// TestClickHouseUpgrade: where a data directory was written by an older ClickHouse,
// the newer one opens it and says so in the version file.
func TestClickHouseUpgrade(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "version")
	if err := os.WriteFile(path, []byte("format 1\nclickhouse 25.8.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	startClickHouse(t, dir)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := "format 1\nclickhouse 26."; !strings.HasPrefix(string(b), want) {
		t.Errorf("version file %q, want %q...", b, want)
	}
}

// TestClickHouseStartCanceled: a start that is called off leaves no process.
func TestClickHouseStartCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	if _, err := local.StartClickHouse(ctx, local.Config{Dir: dir, Library: os.Getenv("RUNRATE_CLICKHOUSE_LIB")}); err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Fatalf("%v, want context canceled", err)
	}
	startClickHouse(t, dir) // the lock is free
}

// TestPartsRefuseWithoutRunChild: without RunChild the child would be this whole
// program once more.
func TestPartsRefuseWithoutRunChild(t *testing.T) {
	defer local.Unhook()()
	const want = "call local.RunChild first"
	if _, err := local.StartClickHouse(t.Context(), local.Config{Dir: t.TempDir()}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("ClickHouse: %v, want %q", err, want)
	}
	if _, err := local.StartBrokerProcess(t.Context(), local.BrokerConfig{Dir: t.TempDir()}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the broker: %v, want %q", err, want)
	}
}

// TestClickHouseKeepsAcknowledgedInserts: every row of an acknowledged insert is
// there after kill -9 in the midst of more.
func TestClickHouseKeepsAcknowledgedInserts(t *testing.T) {
	dir := t.TempDir()
	ch := startClickHouse(t, dir)
	conn := dial(t, ch.TCPAddr())
	exec(t, conn, "CREATE DATABASE d ENGINE = Atomic")
	exec(t, conn, "CREATE TABLE d.t (n UInt64) ENGINE = MergeTree ORDER BY n")
	var acked atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := int64(0); ; n++ {
			if err := conn.Exec(context.Background(), fmt.Sprintf("INSERT INTO d.t SELECT %d FROM numbers(10)", n)); err != nil {
				return
			}
			acked.Store(n + 1)
		}
	}()
	within(t, 30*time.Second, "50 inserts", func() bool { return acked.Load() >= 50 })
	if err := ch.Kill(); err != nil {
		t.Fatal(err)
	}
	<-done
	conn = dial(t, startClickHouse(t, dir).TCPAddr())
	// The one in flight may be there or not, but not in part.
	rows, n := scan[uint64](t, conn, "SELECT count() FROM d.t"), uint64(acked.Load())
	if rows != 10*n && rows != 10*(n+1) {
		t.Errorf("%d rows, after %d inserts of 10 were acknowledged", rows, n)
	}
}
