package store

import (
	"context"
	"os"
	"testing"
	"time"

	"runrate/internal/rows"
	chschema "runrate/schemas/clickhouse"
)

func TestZZ(t *testing.T) {
	s, err := Open(t.Context(), Options{Address: "127.0.0.1:19500", Database: "zz"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chschema.Migrate(t.Context(), s.Conn(), chschema.Options{Database: "zz"}); err != nil {
		t.Fatal(err)
	}
	switch os.Getenv("ZZ") {
	case "abort":
		b, err := s.conn.PrepareBatch(context.Background(), "INSERT INTO zz.topics (topic, partitions)")
		t.Log(err)
		t.Log(b.Abort())
	case "auth":
		_, err = Open(t.Context(), Options{Address: "clickhouse://nobody:s3cret@127.0.0.1:19500"})
		t.Log(err)
	case "http":
		_, err = Open(t.Context(), Options{Address: "127.0.0.1:18623"})
		t.Log(err)
	case "cancel":
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		t.Log(s.Write(ended, 0, rows.Changes{Source: usage1, Progress: ticked(12, "2026-01-01T00:00:00Z")}))
	case "drop":
		t.Log(s.exec(t.Context(), "x", "drop table zz.progress_versions sync"))
		t.Log(s.Write(t.Context(), 0, rows.Changes{Source: usage1, Progress: ticked(12, "2026-01-01T00:00:00Z")}))
	}
	time.Sleep(2 * time.Second)
	t.Log("ping", s.Ping(t.Context()))
}
