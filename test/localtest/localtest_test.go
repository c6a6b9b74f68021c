package localtest_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/segmentio/kafka-go"

	"runrate/test/localtest"
)

func TestMain(m *testing.M) { localtest.Main(m) }

func TestDatabase(t *testing.T) {
	ch := localtest.ClickHouse(t)
	if localtest.ClickHouse(t) != ch {
		t.Error("a second ClickHouse in one test binary")
	}
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{ch.TCPAddr()}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var names []string
	t.Run("a/b c", func(t *testing.T) {
		for range 2 {
			names = append(names, localtest.Database(t))
		}
	})
	if names[0] == names[1] {
		t.Errorf("one name twice: %s", names[0])
	}
	var left uint64
	if err := conn.QueryRow(t.Context(), "SELECT count() FROM system.databases WHERE name IN (?)", names).Scan(&left); err != nil {
		t.Fatal(err)
	}
	if left != 0 {
		t.Errorf("%d of %v are left after their test", left, names)
	}
}

// TestDir: a directory is empty and there until its test ends, and what a killed test
// left is removed by the next, but nothing that is in use or new.
func TestDir(t *testing.T) {
	parent := t.TempDir()
	t.Setenv("RUNRATE_TEST_DIR", parent)
	old := time.Now().Add(-time.Hour)
	age := func(dir string) string {
		t.Helper()
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	left := func(name string) string {
		t.Helper()
		dir := filepath.Join(parent, name)
		if err := os.MkdirAll(filepath.Join(dir, "data", "store"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "lock"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	killed, other, young := age(left("runrate-test-1")), age(left("other")), left("runrate-test-2")
	var mine string
	t.Run("a test", func(t *testing.T) {
		mine = localtest.Dir(t)
		if entries, err := os.ReadDir(mine); err != nil || len(entries) > 0 || filepath.Dir(filepath.Dir(mine)) != parent {
			t.Errorf("%s: %v, %v", mine, entries, err)
		}
		age(filepath.Dir(mine))
		for dir, there := range map[string]bool{localtest.Dir(t): true, mine: true, killed: false, other: true, young: true} {
			if _, err := os.Stat(dir); (err == nil) != there {
				t.Errorf("%s: %v, want there: %v", dir, err, there)
			}
		}
	})
	if left, err := filepath.Glob(filepath.Join(parent, "*")); err != nil || !slices.Equal(left, []string{other, young}) {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestTopic(t *testing.T) {
	b := localtest.Broker(t)
	if localtest.Broker(t) != b {
		t.Error("a second broker in one test binary")
	}
	topic := localtest.Topic(t, 3)
	parts, err := kafka.LookupPartitions(context.Background(), "tcp", b.Addr(), topic)
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) != 3 {
		t.Errorf("%d partitions, want 3", len(parts))
	}
}
