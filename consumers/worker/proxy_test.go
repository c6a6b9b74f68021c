package worker_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// proxy stands between a store and ClickHouse and makes the network bad.
type proxy struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	mode  mode
	conns map[net.Conn]struct{}
	cuts  int // answers that were cut off
}

type mode uint8

const (
	pass  mode = iota
	gone       // connections are closed, old ones and new ones
	slow       // every piece takes a while
	mute       // nothing goes through, in either direction, and nothing ends
	unsay      // the answer to an insert is lost with the connection: the insert is done
)

const slowness = 30 * time.Millisecond

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, to: to, conns: map[net.Conn]struct{}{}}
	go p.accept()
	t.Cleanup(func() { l.Close(); p.set(gone) })
	return p
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

// set changes the mode, for the connections there are as for new ones.
func (p *proxy) set(m mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mode == mute || m == gone {
		// What was swallowed is missing from the streams: they cannot go on.
		for c := range p.conns {
			c.Close()
		}
	}
	p.mode = m
}

func (p *proxy) now() mode {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mode
}

func (p *proxy) cut() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		if p.now() == gone {
			client.Close()
			continue
		}
		server, err := net.Dial("tcp", p.to)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[server] = struct{}{}, struct{}{}
		p.mu.Unlock()
		var insert inserting
		go p.copy(server, client, false, &insert)
		go p.copy(client, server, true, &insert)
	}
}

// endOfStream is the packet that ends an answer of ClickHouse's native protocol;
// an insert is in its table when the server sends it.
const endOfStream = 5

// inserting is how far a connection is with an insert.
type inserting struct {
	atomic.Int32 // none, then asked, then sent
}

const (
	none  int32 = iota
	asked       // the statement went to the server
	sent        // and then the rows
)

// follow takes note of what the client sends.
func (i *inserting) follow(piece []byte) {
	switch {
	case bytes.Contains(piece, []byte("INSERT INTO")):
		i.Store(asked)
	case i.Load() == asked:
		i.Store(sent)
	}
}

func (p *proxy) copy(to, from net.Conn, answer bool, insert *inserting) {
	defer func() {
		to.Close()
		from.Close()
		p.mu.Lock()
		delete(p.conns, from)
		p.mu.Unlock()
	}()
	buf := make([]byte, 1<<20)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if !answer {
			insert.follow(buf[:n])
		} else if insert.Load() == sent && buf[n-1] == endOfStream && p.now() != unsay {
			insert.Store(none)
		}
		switch p.now() {
		case slow:
			time.Sleep(slowness) // the fault itself
		case mute:
			_, _ = io.Copy(io.Discard, from) // until the connection is closed
			return
		case unsay:
			if answer && insert.Load() == sent && buf[n-1] == endOfStream {
				p.mu.Lock()
				p.cuts++
				p.mu.Unlock()
				return
			}
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
