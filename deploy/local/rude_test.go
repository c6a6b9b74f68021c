package local_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"runrate/deploy/local"
)

// rudeBound is how long the server has to be done with a client that left.
const rudeBound = time.Minute

// TestClickHouseOutlivesRudeClients: a client that breaks off, sends nonsense or a
// wrong password ends its own connection, and never the server.
func TestClickHouseOutlivesRudeClients(t *testing.T) {
	dir := t.TempDir()
	ch := startClickHouse(t, dir)
	conn := dial(t, ch.TCPAddr())
	exec(t, conn, "CREATE TABLE rude (n UInt64) ENGINE = MergeTree ORDER BY n")
	conn.Close() // it would count as a client below
	for _, c := range []struct {
		name string
		rude func(*testing.T, *local.ClickHouse)
	}{
		{"native hello, then reset", rudeHello},
		{"native wrong password", rudePassword},
		{"native closed before hello", rudeSilence},
		{"native half-closed", rudeHalfClosed},
		{"native cut at every byte", rudeCut},
		{"native every byte spoilt", rudeSpoilt},
		{"native killed in an insert", rudeInsert},
		{"native killed in a select", rudeSelect},
		{"native garbage", func(t *testing.T, ch *local.ClickHouse) { rudeGarbage(t, ch.TCPAddr()) }},
		{"native spoken to in TLS", func(t *testing.T, ch *local.ClickHouse) { rudeTLS(t, ch.TCPAddr()) }},
		{"native spoken to in HTTP", rudeHTTPToNative},
		{"HTTP wrong password", rudeHTTPPassword},
		{"HTTP half-closed", rudeHTTPHalfClosed},
		{"HTTP cut at every byte", rudeHTTPCut},
		{"HTTP reset in a response", rudeHTTPResponse},
		{"HTTP garbage", func(t *testing.T, ch *local.ClickHouse) { rudeGarbage(t, ch.HTTPAddr()) }},
		{"HTTP spoken to in TLS", func(t *testing.T, ch *local.ClickHouse) { rudeTLS(t, ch.HTTPAddr()) }},
		{"HTTP spoken to in native", rudeNativeToHTTP},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.rude(t, ch)
			stillServes(t, ch)
		})
	}
	// What clients do is told in clickhouse.log, whose size is bounded.
	const most = 1000 // bytes
	said, err := os.ReadFile(filepath.Join(dir, "stderr.log"))
	if err != nil || len(said) > most {
		t.Errorf("standard error has %d bytes (%v), beginning %.300q", len(said), err, said)
	}
}

// stillServes fails the test unless the server answers on both ports, and then is
// done with every client but the one that asks. A handler that ends the process
// would not come that far: it never gives its connection back.
func stillServes(t *testing.T, ch *local.ClickHouse) {
	t.Helper()
	conn := dial(t, ch.TCPAddr())
	if got := scan[uint64](t, conn, "SELECT toUInt64(6 * 7)"); got != 42 {
		t.Errorf("it answers %d", got)
	}
	conn.Close()
	const clients = "SELECT sumIf(value, metric = 'TCPConnection'), sumIf(value, metric = 'HTTPConnection') FROM system.metrics"
	for deadline := time.Now().Add(rudeBound); ; {
		got, err := ask(t.Context(), ch.HTTPAddr(), clients)
		if err == nil && got == "0\t1" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server is not done with its clients within %v: native and HTTP %q, %v", rudeBound, got, err)
		}
		select {
		case <-ch.Done():
			t.Fatal(ch.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
	if err := ch.Err(); err != nil {
		t.Error(err)
	}
}

// ask returns the answer to a query over HTTP, on a connection of its own.
func ask(ctx context.Context, addr, query string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	u := url.URL{Scheme: "http", Host: addr, Path: "/", RawQuery: url.Values{"query": {query}}.Encode()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", err
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(resp.Body)
	return strings.TrimSpace(string(b)), errors.Join(err, resp.Body.Close())
}

// open connects to addr, for at most rudeBound.
func open(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(rudeBound)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// send writes b. The other side may have closed already, as it does when it has
// seen enough of it.
func send(conn net.Conn, b []byte) { _, _ = conn.Write(b) }

// reset closes a connection as a process that is killed with data unread does.
func reset(t *testing.T, conn *net.TCPConn) {
	t.Helper()
	if err := errors.Join(conn.SetLinger(0), conn.Close()); err != nil {
		t.Fatal(err)
	}
}

// leave resets every other connection, and closes the others in order.
func leave(t *testing.T, conn *net.TCPConn, i int) {
	t.Helper()
	if i%2 == 0 {
		reset(t, conn)
	} else if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}

// toTheEnd reads until the server closes the connection, however it does, and
// fails the test when it does not.
func toTheEnd(t *testing.T, conn net.Conn) []byte {
	t.Helper()
	b, err := io.ReadAll(conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the server keeps the connection open, having said %q", b)
	}
	return b
}
