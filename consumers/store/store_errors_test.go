package store

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"runrate/internal/fault"
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
	check := func(name string, err error, kind fault.Kind, says ...string) {
		t.Helper()
		if fault.KindOf(err) != kind {
			t.Errorf("%s: kind %v, want %v: %v", name, fault.KindOf(err), kind, err)
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
	check("type", s.Write(t.Context(), 0, c), fault.Setup, "accepted", "Int64", "UInt64", "runrate migrate", "runrate.usage/1", "before offset 12", "progress_versions")
	exec("ALTER TABLE " + s.database.Of("progress_versions") + " RENAME COLUMN accepted TO taken")
	check("column", s.Write(t.Context(), 0, c), fault.Setup, "runrate migrate")
	exec("DROP TABLE " + s.database.Of("progress_versions") + " SYNC")
	check("table", s.Write(t.Context(), 0, c), fault.Setup, "runrate migrate")
	_, err := s.Progress(t.Context(), 0, usage0.Topic)
	check("read", err, fault.Setup, "runrate migrate", "runrate.usage")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	check("canceled", s.Write(ended, 0, c), fault.Canceled)

	address := localtest.ClickHouse(t).TCPAddr()
	_, err = Open(t.Context(), Options{Address: "clickhouse://nobody:s3%zzcret@" + address})
	check("DSN", err, fault.Setup)
	if strings.Contains(err.Error(), "cret") {
		t.Errorf("the password is in %q", err)
	}
	_, err = Open(t.Context(), Options{Address: "http://" + address})
	check("scheme", err, fault.Setup, "native")
	_, err = Open(t.Context(), Options{Address: "localhost"})
	check("port", err, fault.Setup, "host:port")
	_, err = Open(t.Context(), Options{Address: address, Database: "a`b"})
	check("database", err, fault.Setup)
}

// A server that is away, that goes away, or that says nothing is one to wait for.
func TestAway(t *testing.T) {
	_, err := Open(t.Context(), Options{Address: "127.0.0.1:1", Timeout: time.Second})
	if fault.KindOf(err) != fault.Retry {
		t.Errorf("refused: %v", err)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	_, err = Open(t.Context(), Options{Address: silent.Addr().String(), Timeout: 300 * time.Millisecond})
	if fault.KindOf(err) != fault.Retry {
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
	if fault.KindOf(err) != fault.Retry {
		t.Errorf("closing: %v", err)
	}
}

func TestSettingsArePinned(t *testing.T) {
	options, err := clickhouseOptions(Options{Address: "clickhouse://u:p@a:1,b:2/other?async_insert=1&max_threads=3&secure=true", Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if options.Settings["async_insert"] != 0 || options.Settings["max_threads"] != 3 || options.DialContext == nil ||
		options.Auth.Username != "u" || options.Auth.Password != "p" || len(options.Addr) != 2 || options.Compression.Method != clickhouse.CompressionLZ4 {
		t.Errorf("%+v", options)
	}
}

// The library build of ClickHouse does not survive a wrong password, so the
// server's answers are made up here.
func TestKindOfServerErrors(t *testing.T) {
	for _, c := range []struct {
		code int32
		kind fault.Kind
		hint string
	}{
		{516, fault.Setup, "password"},
		{497, fault.Setup, "grant"},
		{452, fault.Setup, "setting"},
		{60, fault.Setup, "runrate migrate"},
		{252, fault.Retry, ""},   // too many parts
		{241, fault.Retry, ""},   // memory
		{242, fault.Retry, ""},   // read-only
		{243, fault.Retry, ""},   // disk full
		{204, fault.Retry, ""},   // cannot fsync
		{76, fault.Retry, ""},    // cannot open a file
		{172, fault.Retry, ""},   // cannot create a directory
		{294, fault.Retry, ""},   // cannot write to a file
		{586, fault.Retry, ""},   // cannot create a file
		{745, fault.Retry, ""},   // overloaded
		{749, fault.Retry, ""},   // too many connections
		{774, fault.Retry, ""},   // the table's setting table_readonly
		{159, fault.Retry, ""},   // timeout
		{236, fault.Retry, ""},   // shutting down
		{285, fault.Retry, ""},   // too few live replicas
		{49, fault.Retry, ""},    // a logical error of the server
		{999, fault.Retry, ""},   // Keeper
		{12345, fault.Retry, ""}, // one that no list has
		{62, fault.Defect, ""},   // syntax
		{407, fault.Defect, ""},  // a decimal overflows
	} {
		err := failure(t.Context(), "op", &clickhouse.Exception{Code: c.code, Message: "m"})
		if fault.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.hint) {
			t.Errorf("code %d: kind %v: %v", c.code, fault.KindOf(err), err)
		}
	}
}
