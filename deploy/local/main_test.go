package local_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"runrate/deploy/local"
	"runrate/test/localtest"
)

// middleEnv makes this test binary the process between: it starts a part, tells
// of it, and waits to be killed. Its value is the part and the directory.
const middleEnv = "LOCAL_TEST_MIDDLE"

func TestMain(m *testing.M) {
	if os.Getenv(serverEnv) != "" {
		server(os.Args[1:])
	}
	if os.Getenv(middleEnv) != "" && os.Getenv("RUNRATE_CHILD") == "" {
		local.RunChild()
		middle(os.Getenv(middleEnv), os.Args[len(os.Args)-1])
	}
	localtest.Main(m)
}

// within polls until ok is true, and fails the test after the bound.
func within(t *testing.T, bound time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(bound); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", bound, what)
		}
	}
}

// alive says whether a process exists that has not ended.
func alive(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	// An orphan that nobody has reaped yet is no process any more.
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	var id int
	var name string
	var state string
	if _, err := fmt.Sscanf(string(stat), "%d %s %s", &id, &name, &state); err != nil {
		return true
	}
	return state != "Z" && state != "X"
}

// dial opens a connection to ClickHouse.
func dial(t *testing.T, addr string) clickhouse.Conn {
	t.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{addr}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func exec(t *testing.T, conn clickhouse.Conn, query string) {
	t.Helper()
	if err := conn.Exec(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func scan[T any](t *testing.T, conn clickhouse.Conn, query string) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(t.Context(), query).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// startClickHouse starts a ClickHouse of the test's own.
func startClickHouse(t *testing.T, dir string) *local.ClickHouse {
	t.Helper()
	ch, err := local.StartClickHouse(t.Context(), local.Config{Dir: dir, Library: os.Getenv("RUNRATE_CLICKHOUSE_LIB")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ch.Stop(context.Background()); err != nil {
			t.Errorf("stop ClickHouse: %v", err)
		}
	})
	return ch
}
