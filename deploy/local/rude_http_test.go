package local_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"runrate/deploy/local"
)

func rudeHTTPPassword(t *testing.T, ch *local.ClickHouse) {
	header := func(user, password string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("X-ClickHouse-User", user)
			r.Header.Set("X-ClickHouse-Key", password)
		}
	}
	query := func(user, password string) func(*http.Request) {
		return func(r *http.Request) { r.URL.RawQuery += "&user=" + user + "&password=" + password }
	}
	basic := func(user, password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(user, password) }
	}
	for _, c := range []struct {
		name   string
		auth   func(*http.Request)
		status int
		code   string // of ClickHouse's exception
	}{
		{"header", header("default", "wrong"), http.StatusUnauthorized, "194"}, // so that a browser asks
		{"header, no such user", header("nobody", ""), http.StatusForbidden, "516"},
		{"query", query("default", "wrong"), http.StatusUnauthorized, "194"},
		{"basic", basic("default", "wrong"), http.StatusUnauthorized, "194"},
		{"right", header("default", ""), http.StatusOK, ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+ch.HTTPAddr()+"/?query=SELECT+1", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Close = true
		c.auth(req)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if code := resp.Header.Get("X-ClickHouse-Exception-Code"); resp.StatusCode != c.status || code != c.code {
			t.Errorf("%s: %s, exception %q, want %d and %q", c.name, resp.Status, code, c.status, c.code)
		}
		resp.Body.Close()
	}
}

// httpInserts are whole requests: a body of known length, and one in chunks.
func httpInserts() []string {
	const head = "POST /?query=INSERT+INTO+rude+FORMAT+CSV HTTP/1.1\r\nHost: localhost\r\n"
	return []string{
		head + "Content-Length: 6\r\n\r\n1\n2\n3\n",
		head + "Transfer-Encoding: chunked\r\n\r\n2\r\n1\n\r\n4\r\n2\n3\n\r\n0\r\n\r\n",
	}
}

func rudeHTTPHalfClosed(t *testing.T, ch *local.ClickHouse) {
	for _, request := range httpInserts() {
		conn := open(t, ch.HTTPAddr())
		send(conn, []byte(request))
		if err := conn.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got := string(toTheEnd(t, conn)); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
			t.Errorf("a whole request and an end is answered by %q, want 200", got)
		}
	}
}

func rudeHTTPCut(t *testing.T, ch *local.ClickHouse) {
	for _, whole := range httpInserts() {
		for n := range whole {
			for i := range 2 {
				conn := open(t, ch.HTTPAddr())
				send(conn, []byte(whole[:n]))
				leave(t, conn, i)
			}
		}
	}
}

func rudeHTTPResponse(t *testing.T, ch *local.ClickHouse) {
	for i := range 4 {
		conn := open(t, ch.HTTPAddr())
		fmt.Fprint(conn, "GET /?query=SELECT+number,repeat('x',100)+FROM+numbers(1000000000) HTTP/1.1\r\nHost: localhost\r\n\r\n")
		if _, err := io.CopyN(io.Discard, conn, 1<<20); err != nil {
			t.Fatal(err)
		}
		leave(t, conn, i)
	}
}

func rudeNativeToHTTP(t *testing.T, ch *local.ClickHouse) {
	for i, said := range [][]byte{nativeHello(), nativeInsert(t), nativeHello(), nativeInsert(t)} {
		conn := open(t, ch.HTTPAddr())
		send(conn, said)
		leave(t, conn, i/2)
	}
}
