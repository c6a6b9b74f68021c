package store

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"runrate/internal/fault"
	"runrate/test/localtest"
)

// relay hands bytes on to a server until it is told to hang, which it does for good, with
// its connections open.
type relay struct {
	net.Listener
	hangs atomic.Bool
}

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: l}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { client.Close() })
			if to == "" {
				continue
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				return
			}
			t.Cleanup(func() { server.Close() })
			go r.pass(client, server)
			go r.pass(server, client)
		}
	}()
	return r
}

func (r *relay) pass(from, to net.Conn) {
	b := make([]byte, 1<<16)
	for {
		n, err := from.Read(b)
		if r.hangs.Load() {
			return
		}
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				return
			}
			_ = to.Close()
			return
		}
	}
}

func openHosts(t *testing.T, address string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Address: address, Database: localtest.Name(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestNextHost: a server that takes connections and says nothing is passed over.
func TestNextHost(t *testing.T) {
	hangs := newRelay(t, "")
	s := openHosts(t, hangs.Addr().String()+","+localtest.ClickHouse(t).TCPAddr())
	want(t, s, "SELECT 'here'", "here")
	if first := s.hosts.order()[0]; first == hangs.Addr().String() {
		t.Error("the server that hangs is still the first to be asked")
	}
}

// TestHostHangs: a server that hangs under a statement is left; the statement fails as
// one that is done again, and goes to the next server then. The client's own bound, a
// minute, has no part in it.
func TestHostHangs(t *testing.T) {
	r := newRelay(t, localtest.ClickHouse(t).TCPAddr())
	s := openHosts(t, r.Addr().String()+","+localtest.ClickHouse(t).TCPAddr())
	s.hosts.quiet = 100 * time.Millisecond
	want(t, s, "SELECT 'here'", "here")
	r.hangs.Store(true)
	err := s.exec(t.Context(), "test", "SELECT 1")
	var e *silent
	if !errors.As(err, &e) || e.address != r.Addr().String() || fault.KindOf(err) != fault.Retry {
		t.Errorf("a server that hangs: %v", err)
	}
	want(t, s, "SELECT 'there'", "there")
}

// TestHostIsSlow: a statement that takes longer than a server may be quiet comes to its
// end, as long as the server is alive.
func TestHostIsSlow(t *testing.T) {
	r := newRelay(t, localtest.ClickHouse(t).TCPAddr())
	s := openHosts(t, r.Addr().String()+","+localtest.ClickHouse(t).TCPAddr())
	s.hosts.quiet = 20 * time.Millisecond
	want(t, s, "SELECT toString(sleep(0.5))", "0")
	if first := s.hosts.order()[0]; first != r.Addr().String() {
		t.Error("a server that is slow was left")
	}
}
