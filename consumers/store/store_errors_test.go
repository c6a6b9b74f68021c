package store

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"runrate/internal/rows"
	"runrate/test/localtest"
)

func TestErrorKinds(t *testing.T) {
	s := open(t)
	c := rows.Changes{Source: usage1, Progress: ticked(12, "2026-01-01T00:00:00Z")}
	exec := func(query string) {
		t.Helper()
		if err := s.exec(context.Background(), "test", query); err != nil {
			t.Fatal(err)
		}
	}
	check := func(name string, err error, kind Kind, says ...string) {
		t.Helper()
		if KindOf(err) != kind {
			t.Errorf("%s: kind %v, want %v: %v", name, KindOf(err), kind, err)
			return
		}
		for _, s := range says {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%s: %q does not say %q", name, err, s)
			}
		}
	}

	// A server of another version of the schema.
	exec("ALTER TABLE " + s.database.Of("progress_versions") + " MODIFY COLUMN accepted Int64")
	check("type", s.Write(t.Context(), 0, c), Setup, "accepted", "Int64", "UInt64", "runrate migrate", "runrate.usage/1", "before offset 12", "progress_versions")
	exec("ALTER TABLE " + s.database.Of("progress_versions") + " RENAME COLUMN accepted TO taken")
	check("column", s.Write(t.Context(), 0, c), Setup, "runrate migrate")
	exec("DROP TABLE " + s.database.Of("progress_versions") + " SYNC")
	check("table", s.Write(t.Context(), 0, c), Setup, "runrate migrate")
	_, err := s.Progress(t.Context(), 0, usage0.Topic)
	check("read", err, Setup, "runrate migrate", "runrate.usage")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	check("canceled", s.Write(ended, 0, c), Canceled)

	address := localtest.ClickHouse(t).TCPAddr()
	_, err = Open(t.Context(), Options{Address: "clickhouse://nobody:s3%zzcret@" + address})
	check("DSN", err, Setup)
	if strings.Contains(err.Error(), "cret") {
		t.Errorf("the password is in %q", err)
	}
	_, err = Open(t.Context(), Options{Address: "http://" + address})
	check("scheme", err, Setup, "native")
	_, err = Open(t.Context(), Options{Address: "localhost"})
	check("port", err, Setup, "host:port")
	_, err = Open(t.Context(), Options{Address: address, Database: "a`b"})
	check("database", err, Setup)
}

// A server that is away, that goes away, or that says nothing is one to wait for.
func TestAway(t *testing.T) {
	_, err := Open(t.Context(), Options{Address: "127.0.0.1:1", Timeout: time.Second})
	if KindOf(err) != Retry {
		t.Errorf("refused: %v", err)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	_, err = Open(t.Context(), Options{Address: silent.Addr().String(), Timeout: 300 * time.Millisecond})
	if KindOf(err) != Retry {
		t.Errorf("silent: %v", err)
	}
	closing, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := closing.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	defer closing.Close()
	_, err = Open(t.Context(), Options{Address: closing.Addr().String(), Timeout: time.Second})
	if KindOf(err) != Retry {
		t.Errorf("closing: %v", err)
	}
}

func TestSettingsArePinned(t *testing.T) {
	options, err := clickhouseOptions(Options{Address: "clickhouse://u:p@a:1,b:2/other?async_insert=1&max_threads=3&secure=true", Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if options.Settings["async_insert"] != 0 || options.Settings["max_threads"] != 3 || options.TLS == nil ||
		options.Auth.Username != "u" || options.Auth.Password != "p" || len(options.Addr) != 2 || options.Compression.Method != clickhouse.CompressionLZ4 {
		t.Errorf("%+v", options)
	}
}

// The library build of ClickHouse does not survive a wrong password, so the
// server's answers are made up here.
func TestKindOfServerErrors(t *testing.T) {
	for _, c := range []struct {
		code int32
		kind Kind
		hint string
	}{
		{516, Setup, "password"},
		{497, Setup, "grant"},
		{452, Setup, "setting"},
		{60, Setup, "runrate migrate"},
		{252, Retry, ""}, // too many parts
		{241, Retry, ""}, // memory
		{242, Retry, ""}, // read-only
		{243, Retry, ""}, // disk full
		{204, Retry, ""}, // cannot fsync
		{76, Retry, ""},  // cannot open a file
		{172, Retry, ""}, // cannot create a directory
		{294, Retry, ""}, // cannot write to a file
		{586, Retry, ""}, // cannot create a file
		{745, Retry, ""}, // overloaded
		{749, Retry, ""}, // too many connections
		{774, Retry, ""}, // the table's setting table_readonly
		{159, Retry, ""}, // timeout
		{236, Retry, ""}, // shutting down
		{285, Retry, ""}, // too few live replicas
		{62, Defect, ""}, // syntax
	} {
		err := failure(t.Context(), "op", &clickhouse.Exception{Code: c.code, Message: "m"})
		if KindOf(err) != c.kind || !strings.Contains(err.Error(), c.hint) {
			t.Errorf("code %d: kind %v: %v", c.code, KindOf(err), err)
		}
	}
}
