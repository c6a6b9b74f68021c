package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
)

// get is the status and the body of an address.
func get(t *testing.T, address, path string) (int, string) {
	t.Helper()
	resp, err := http.Get("http://" + address + path)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(body)
}

// TestReadyz: 503 with the reason until the check passes, 200 as long as it does.
func TestReadyz(t *testing.T) {
	w, err := listen("127.0.0.1:0", zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	expect := func(code int, body string) {
		t.Helper()
		if c, b := get(t, w.address, "/readyz"); c != code || b != body+"\n" {
			t.Errorf("answered %d %q, want %d %q", c, b, code, body)
		}
	}
	expect(503, "not ready: starting")
	result := error(nil)
	w.ready(func(context.Context) error { return result }, nil)
	expect(200, "ready")
	result = errors.New("ping: connection refused")
	expect(503, "not ready: ping: connection refused")
	result = nil
	expect(200, "ready")
	if code, _ := get(t, w.address, "/"); code != 404 {
		t.Errorf("another path answers %d", code)
	}
}

// TestReadyzIsBounded: a check that hangs is not ready after five seconds.
func TestReadyzIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &web{}
		w.ready(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, nil)
		began, out := time.Now(), httptest.NewRecorder()
		w.readyz(out, httptest.NewRequestWithContext(t.Context(), "GET", "/readyz", nil))
		if out.Code != 503 || time.Since(began) != 5*time.Second {
			t.Errorf("answered %d after %v", out.Code, time.Since(began))
		}
	})
}

// TestPortInUse: the sentence names the address and the flag.
func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = listen(l.Addr().String(), zap.NewNop())
	if want := fmt.Sprintf("listen on %s: the port is in use; choose another with --listen", l.Addr()); err == nil || err.Error() != want {
		t.Errorf("said %v, want %s", err, want)
	}
	if _, err := listen("nonsense", zap.NewNop()); err == nil || !strings.HasPrefix(err.Error(), "listen on nonsense (--listen): ") {
		t.Errorf("an address that is none: %v", err)
	}
}
