package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// fetch is what a GET is answered; 0 where nobody answers.
func fetch(t *testing.T, url string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// TestGatewayAdmin: the door has an admin listener apart from its events, which tells
// what came, and, told to end, that no more should.
func TestGatewayAdmin(t *testing.T) {
	t.Parallel()
	brokers, _ := kafka(t)
	ctx, cancel := context.WithCancel(t.Context())
	said, out := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- execute(ctx, []string{"gateway", "--without-keys", "--brokers", brokers, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"}, strings.NewReader(""), out, io.Discard)
		out.Close()
	}()
	addresses := map[string]string{}
	for lines := bufio.NewScanner(said); len(addresses) < 2 && lines.Scan(); {
		if what, address, ok := strings.Cut(strings.TrimSpace(lines.Text()), " "); ok && strings.HasPrefix(address, "http") {
			addresses[what] = address
		}
	}
	go io.Copy(io.Discard, said) //nolint:errcheck // ends with the program
	door, admin := addresses["POST"], strings.TrimSuffix(addresses["metrics"], "/metrics")
	if door == "" || admin == "" {
		t.Fatalf("it told %v", addresses)
	}
	for _, path := range []string{"/readyz", "/healthz"} {
		if status, body := fetch(t, admin+path); status != http.StatusOK {
			t.Errorf("%s answers %d: %s", path, status, body)
		}
	}
	resp, err := http.Post(door, "application/json", strings.NewReader(`{"specversion":"1.0","type":"usage.recorded","source":"s","id":"1","time":"2026-11-23T07:31:05Z","subject":"a","data":{"product":"p","quantities":{"in":1}}}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if _, body := fetch(t, admin+"/metrics"); resp.StatusCode != http.StatusAccepted || !strings.Contains(body, "\nrunrate_door_events_total{result=\"accepted\"} 1\n") || !strings.Contains(body, "\nrunrate_build_info{") {
		t.Errorf("after an event was answered %d, /metrics are:\n%s", resp.StatusCode, body)
	}
	cancel()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if status, body := fetch(t, admin+"/readyz"); status == http.StatusServiceUnavailable && strings.Contains(body, "it is ending") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("told to end, /readyz does not say so")
		}
	}
	if code := <-ended; code != 0 {
		t.Errorf("it ended with %d", code)
	}
}
