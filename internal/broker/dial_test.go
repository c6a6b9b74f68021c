package broker

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"runrate/internal/fault"
	"runrate/internal/stream"
)

// TestUnreachable: an address without a broker is named, with the setting that
// mends it, and a caller may try again.
func TestUnreachable(t *testing.T) {
	c := open(t, Config{Brokers: []string{"127.0.0.1:1"}, Timeout: 5 * time.Second})
	_, err := c.Partitions(t.Context(), stream.Usage.Topic())
	other := c.EnsureTopics(t.Context(), 1, 1)
	for _, err := range []error{err, other} {
		if !errors.Is(err, syscall.ECONNREFUSED) || !fault.Passes(err) ||
			!strings.Contains(err.Error(), "connect to Kafka at 127.0.0.1:1: connection refused (set --brokers or RUNRATE_BROKERS to where Kafka is)") {
			t.Errorf("%v", err)
		}
	}
}

// TestHurried: a caller that has no time left is not told to look for another
// broker.
func TestHurried(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	var away *Unreachable
	if _, err := (Config{}).dial(ctx, "tcp", "127.0.0.1:1"); err == nil || errors.As(err, &away) {
		t.Errorf("%v", err)
	}
}

// TestUnreachableByTheCluster: an address that only the cluster names is its to
// mend.
func TestUnreachableByTheCluster(t *testing.T) {
	err := error(&Unreachable{Address: "kafka-2:9092", Err: &net.DNSError{Err: "no such host", Name: "kafka-2", IsNotFound: true}})
	if want := "connect to Kafka at kafka-2:9092: no such host (the cluster named that address: mend the brokers' advertised.listeners, or the way from here to there)"; err.Error() != want {
		t.Errorf("%v", err)
	}
}

// TestFirstContact: a port that does not speak as the settings say.
func TestFirstContact(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() { // takes what comes, and hangs up
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			var b [1]byte
			_, _ = conn.Read(b[:])
			conn.Close()
		}
	}()
	c := open(t, Config{Brokers: []string{l.Addr().String()}, Timeout: 5 * time.Second})
	if _, err := c.Partitions(t.Context(), stream.Usage.Topic()); err == nil || !strings.Contains(err.Error(), "--kafka-tls") || !fault.Passes(err) {
		t.Errorf("%v", err)
	}
}

// silent is a broker that takes connections and never answers, as one does that
// hangs.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// TestDialerPassesOverTheSilent: whom a consumer group connects with must answer,
// or the group would ask the first broker of the list for ever.
func TestDialerPassesOverTheSilent(t *testing.T) {
	k, c := cluster(t)
	hangs := silent(t)
	config := c.Config()
	config.Brokers = []string{hangs, k.ListenAddrs()[0]}
	dialer, err := config.Dialer()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	conn, err := dialer.DialContext(t.Context(), "tcp", hangs)
	if err == nil {
		conn.Close()
		t.Fatal("a broker that does not answer is taken for one that is there")
	}
	if took := time.Since(began); took > dialTimeout || !fault.Passes(err) || !strings.Contains(err.Error(), "connect to Kafka at "+hangs+": no answer within 3s") {
		t.Errorf("after %v: %v", took, err)
	}
	if conn, err = dialer.DialContext(t.Context(), "tcp", k.ListenAddrs()[0]); err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Brokers(); err != nil {
		t.Errorf("the connection is not usable: %v", err)
	}
}

func open(t *testing.T, config Config) *Client {
	t.Helper()
	c, err := Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
