package gateway_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/producers/gateway"
)

// TestSlowBody: a body that does not come in time is told so; nothing of it is taken.
func TestSlowBody(t *testing.T) {
	_, c := kafka(t)
	limits := gateway.DefaultLimits
	limits.BodyTime = 50 * time.Millisecond
	url := serve(t, gateway.Options{Log: c, Limits: limits})
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 408") || !strings.Contains(string(answer), "/problems/slow") {
		t.Errorf("%v: %s", err, answer)
	}
}

// TestBusy: beyond the requests or the memory in flight 503 is answered, and when they
// are done all is as before.
func TestBusy(t *testing.T) {
	_, c := kafka(t)
	for _, limits := range []gateway.Limits{
		func(l gateway.Limits) gateway.Limits { l.Requests = 1; return l }(gateway.DefaultLimits),
		func(l gateway.Limits) gateway.Limits { l.Memory = 1000; return l }(gateway.DefaultLimits),
	} {
		held := &holding{Log: c, begun: make(chan struct{}), resume: make(chan struct{})}
		url := serve(t, gateway.Options{Log: held, Limits: limits}) + "/v1/events"
		first := make(chan reply)
		body := []byte("[" + usage("1", "a") + "," + usage("2", "a") + "," + usage("3", "a") + "]")
		go func() { first <- post(t, url, "application/json", body) }()
		<-held.begun
		if got := post(t, url, "application/json", body); got.status != http.StatusServiceUnavailable || got.Type != "/problems/overloaded" || got.header.Get("Retry-After") == "" {
			t.Errorf("answered %d: %s", got.status, got.body)
		}
		close(held.resume)
		if got := <-first; got.status != http.StatusAccepted {
			t.Errorf("the first is answered %d: %s", got.status, got.body)
		}
		if got := post(t, url, "application/json", body); got.status != http.StatusAccepted {
			t.Errorf("afterwards: answered %d: %s", got.status, got.body)
		}
	}
}

// holding is a log that waits before it takes the first batch.
type holding struct {
	gateway.Log
	once          sync.Once
	begun, resume chan struct{}
}

func (h *holding) Append(ctx context.Context, topic stream.Topic, partition int32, messages []broker.Message) (stream.Offset, error) {
	h.once.Do(func() {
		close(h.begun)
		<-h.resume
	})
	return h.Log.Append(ctx, topic, partition, messages)
}
