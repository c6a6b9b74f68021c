package store

import (
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// heard is a connection to one of several servers. Where a read or a write waits for long,
// the server is asked whether it is alive, and is left if it does not say so.
type heard struct {
	net.Conn
	hosts   *hosts
	address string
	left    atomic.Bool
}

// Read is the connection's.
func (c *heard) Read(p []byte) (int, error) { return c.wait(c.Conn.Read, p) }

// Write is the connection's.
func (c *heard) Write(p []byte) (int, error) { return c.wait(c.Conn.Write, p) }

func (c *heard) wait(do func([]byte) (int, error), p []byte) (int, error) {
	done := make(chan struct{})
	timer := time.AfterFunc(c.hosts.quiet, func() { c.ask(done) })
	n, err := do(p)
	timer.Stop()
	close(done)
	if err != nil && c.left.Load() {
		err = &silent{c.address}
	}
	return n, err
}

// ask asks the server whether it is alive, again and again until the wait is over.
func (c *heard) ask(done <-chan struct{}) {
	for c.hosts.answers(c.address) {
		select {
		case <-done:
			return
		case <-time.After(c.hosts.quiet):
		}
	}
	select {
	case <-done:
	default:
		c.hosts.leave(c.address)
	}
}

// close ends what waits. The caller holds the lock of the hosts.
func (c *heard) close() {
	c.left.Store(true)
	delete(c.hosts.open, c)
	_ = c.Conn.Close() // what waits on it says so
}

// Close is the connection's.
func (c *heard) Close() error {
	c.hosts.mu.Lock()
	delete(c.hosts.open, c)
	c.hosts.mu.Unlock()
	return c.Conn.Close()
}

// SyscallConn is for the pool, which looks whether an idle connection was closed.
func (c *heard) SyscallConn() (syscall.RawConn, error) {
	conn := c.Conn
	if encrypted, ok := conn.(*tls.Conn); ok {
		conn = encrypted.NetConn()
	}
	raw, ok := conn.(syscall.Conn)
	if !ok {
		return nil, errors.New("no such connection")
	}
	return raw.SyscallConn()
}
