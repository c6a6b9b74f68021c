package localtest_test

import (
	"context"
	"testing"

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
