package main

import (
	"net"
	"strings"
	"testing"

	"runrate/internal/stream"
	"runrate/test/localtest"
)

// TestVerifySaysWhatItCompared: what could not be compared is not proved, what was
// left out is said, and nothing beside a log with records is wrong.
func TestVerifySaysWhatItCompared(t *testing.T) {
	addr, client := kafka(t)
	at := []string{"--clickhouse", localtest.ClickHouse(t).TCPAddr(), "--clickhouse-database", localtest.Database(t)}
	if r := runWith(t, "", append([]string{"migrate"}, at...)...); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	check := func(code int, says string, args ...string) {
		t.Helper()
		r := runWith(t, "", append(append([]string{"verify"}, at...), args...)...)
		if r.code != code || !strings.Contains(r.out+r.err, says) {
			t.Errorf("verify %v: exit %d, want %d and %q\n%s%s", args, r.code, code, says, r.out, r.err)
		}
	}
	check(0, "proved: 0 rows", "--brokers", addr)
	check(0, "there is nothing in the database, nor in the log", "--brokers", addr)
	check(0, "proved without the log: 0 rows", "--no-kafka")
	check(0, "left out", "--no-kafka")
	check(1, "not proved: could not be compared: freshness", "--brokers", nobody, "--kafka-timeout", "200ms")
	check(0, "; unknown: freshness", "--brokers", nobody, "--kafka-timeout", "200ms", "--allow-unknown")
	check(2, "give one of them", "--no-kafka", "--sample", "10")

	event := `{"specversion":"1.0","type":"usage.recorded","source":"s","id":"1","time":"2026-03-01T00:00:00Z","subject":"a","data":{"product":"p","quantities":{"m":1}}}`
	if r := runWith(t, event, "publish", "--brokers", addr, "-"); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	if n := records(t, client, stream.Usage.Topic()); n != 1 {
		t.Fatalf("%d records", n)
	}
	check(1, "not proved: freshness (every partition of the log, not beyond it)", "--brokers", addr)
	check(1, "expected: next offset 0 to 1", "--brokers", addr)
}
