package admin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
)

func get(t *testing.T, s *Server, path string) (int, string) {
	t.Helper()
	res, err := http.Get("http://" + s.Address() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// TestReadyz: 503 with the reason until the check passes; what is said comes under both.
func TestReadyz(t *testing.T) {
	s, err := Listen("127.0.0.1:0", "v1", zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	expect := func(code int, body string) {
		t.Helper()
		if c, b := get(t, s, "/readyz"); c != code || b != body {
			t.Errorf("answered %d %q, want %d %q", c, b, code, body)
		}
	}
	expect(503, "not ready: starting\n")
	result := errors.New("not joined")
	s.Ready(func(context.Context) error { return result }, func() []string { return []string{"one is halted"} })
	expect(503, "not ready: not joined\none is halted\n")
	result = nil
	expect(200, "ready\none is halted\n")
	if code, body := get(t, s, "/metrics"); code != 200 || !strings.Contains(body, `runrate_build_info{`) || !strings.Contains(body, `version="v1"} 1`) {
		t.Errorf("metrics: %d %s", code, body)
	}
	if _, err := Listen(s.Address(), "v1", zap.NewNop()); err == nil || !strings.Contains(err.Error(), "choose another with --admin-listen") {
		t.Errorf("a port in use: %v", err)
	}
}

// TestHealthz: a loop that stands still is told by name.
func TestHealthz(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{}
		expect := func(code int, part string) {
			t.Helper()
			out := httptest.NewRecorder()
			s.Healthz(out, httptest.NewRequest("GET", "/healthz", nil))
			if out.Code != code || !strings.Contains(out.Body.String(), part) {
				t.Errorf("answered %d %q", out.Code, out.Body)
			}
		}
		expect(200, "healthy")
		round := s.Loop("the monitor", time.Minute)
		time.Sleep(time.Minute)
		expect(200, "healthy")
		time.Sleep(time.Second)
		expect(503, "the monitor has stood still for 1m1s")
		round()
		expect(200, "healthy")
		var dead error
		s.Alive(func() error { return dead })
		expect(200, "healthy")
		dead = errors.New("runrate.usage/3 has stood still for 11m0s")
		expect(503, "unhealthy: runrate.usage/3 has stood still for 11m0s")
	})
}
