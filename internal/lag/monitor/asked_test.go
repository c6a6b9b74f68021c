package monitor

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/lag/judge"
	"runrate/internal/stream"
	"runrate/test/transact"
)

// TestAsked: it reads when it is asked, not more often than a monitor, and by one question
// tells what one look can tell.
func TestAsked(t *testing.T) {
	k, c := world(t)
	a := NewAsked(Options{Client: c, Logger: zap.NewNop()})
	ask := func() (rows []Row) {
		out := httptest.NewRecorder()
		a.ServeHTTP(out, httptest.NewRequest("GET", "/v1/lag", nil))
		if err := json.Unmarshal(out.Body.Bytes(), &rows); err != nil || len(rows) != 8 {
			t.Fatalf("%s, %v", out.Body, err)
		}
		return rows[4:] // of usage
	}
	if r := ask()[1]; r.Status != judge.Unknown || r.Reason != "too_few_samples" || *r.Lag != 2 {
		t.Errorf("%+v", r)
	}
	first := a.monitor
	if _, err := c.Append(t.Context(), stream.Usage.Topic(), 1, make([]broker.Message, 5)); err != nil {
		t.Fatal(err)
	}
	if r := ask()[1]; *r.Lag != 2 {
		t.Errorf("read again within 5 s: %+v", r)
	}
	a.last = a.last.Add(-Every)
	if r := ask()[1]; *r.Lag != 7 || a.monitor != first {
		t.Errorf("5 s later: %+v", r)
	}
	a.last = a.last.Add(-2 * forgotten)
	if ask(); a.monitor == first {
		t.Error("it goes on from samples of long ago")
	}
	brokers := k.ListenAddrs()
	k.Close()
	gone, err := broker.Open(broker.Config{Brokers: brokers})
	if err != nil {
		t.Fatal(err)
	}
	defer gone.Close()
	out := httptest.NewRecorder()
	NewAsked(Options{Client: gone, Logger: zap.NewNop()}).ServeHTTP(out, httptest.NewRequest("GET", "/v1/lag", nil))
	var rows []Row
	if err := json.Unmarshal(out.Body.Bytes(), &rows); err != nil || len(rows) != 2 || rows[0].Status != judge.Unknown || rows[0].Partition != -1 {
		t.Errorf("without a broker: %s, %v", out.Body, err)
	}
}

// TestHolder: a transaction that stays open is said with its producer, and no more once it is
// over.
func TestHolder(t *testing.T) {
	k, c := world(t)
	m := New(Options{Client: c, Logger: zap.NewNop()}, prometheus.NewRegistry())
	sentence := func() string {
		m.Cycle(t.Context())
		return m.Rows(time.Now())[5].Sentence // usage/1
	}
	p := transact.New(t, "hanging", k.ListenAddrs()...).Begin().Send(stream.Source{Topic: stream.Usage.Topic(), Partition: 1}, transact.Message{Value: []byte("x")})
	if s := sentence(); !strings.Contains(s, "; an open transaction holds the end of the log back at 5 since ") {
		t.Error(s)
	}
	open := m.topics[stream.Usage.Topic()].partitions[1]
	open.open = open.open.Add(-heldFor)
	if s := sentence(); !strings.Contains(s, "; an open transaction of producer ") || !strings.Contains(s, " (epoch 0) holds the end of the log back at 5 since ") {
		t.Error(s)
	}
	p.Commit()
	if s := sentence(); strings.Contains(s, "transaction") {
		t.Error(s)
	}
}
