package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Config says which ClickHouse to run on what. Dir is required.
type Config struct {
	// Dir holds everything of this ClickHouse: its data, its generated
	// configuration, its log. Created where it is missing.
	Dir string

	// HTTPPort and TCPPort (the native protocol) are on loopback. 0 takes any
	// port that is free.
	HTTPPort, TCPPort int

	// Library is the path of libchdb.so (RUNRATE_CLICKHOUSE_LIB), Binary that
	// of a clickhouse executable. At most one is set. With neither, a binary
	// on PATH is taken, else the library that `make clickhouse` brought.
	Library, Binary string

	// MemoryBytes bounds what ClickHouse takes; a query that needs more fails.
	// 0 is half of the machine's memory.
	MemoryBytes int64
}

// ClickHouse is a running ClickHouse, in a child process of this one. Its
// methods may be called from any goroutine.
type ClickHouse struct {
	proc              *process
	lock              *os.File
	httpPort, tcpPort int
}

// portAttempts bounds how often StartClickHouse picks new ports when another
// process took one between its choice and its use. Given ports are not retried.
const portAttempts = 5

// StartClickHouse starts ClickHouse and returns when both ports answer a query.
// ctx bounds the start only; the server runs until Stop, or this process's end.
//
// The error says the way out: when ClickHouse is missing, a port or the
// directory is in use, the directory was written by a newer ClickHouse, or the
// server ended, in its own words.
func StartClickHouse(ctx context.Context, c Config) (*ClickHouse, error) {
	if c.Dir == "" {
		return nil, errors.New("start ClickHouse: no data directory is given")
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("start ClickHouse: %w", err)
	}
	c.Dir = dir
	eng, err := findEngine(c.Binary, c.Library)
	if err != nil {
		return nil, fmt.Errorf("start ClickHouse: %w", err)
	}
	lock, err := openDir(dir, "ClickHouse")
	if err != nil {
		return nil, fmt.Errorf("start ClickHouse: %w", err)
	}
	for attempt := 1; ; attempt++ {
		ch, err := startOnce(ctx, c, eng, lock)
		if err == nil {
			return ch, nil
		}
		chosen := c.HTTPPort == 0 || c.TCPPort == 0
		if !chosen || attempt == portAttempts || !strings.Contains(err.Error(), "Address already in use") {
			lock.Close()
			return nil, fmt.Errorf("start ClickHouse: %w", err)
		}
	}
}

func startOnce(ctx context.Context, c Config, eng engine, lock *os.File) (*ClickHouse, error) {
	httpPort, tcpPort, err := choosePorts(c)
	if err != nil {
		return nil, err
	}
	memory := c.MemoryBytes
	if memory == 0 {
		memory = machineMemory() / 2
	}
	s := settings{Dir: c.Dir, HTTPPort: httpPort, TCPPort: tcpPort, Memory: memory, Instance: rand.Text()}
	config, err := writeConfig(s)
	if err != nil {
		return nil, err
	}
	kind, path := childLibrary, eng.library
	if eng.binary != "" {
		kind, path = childServer, eng.binary
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	spec := serverSpec{Engine: path, Dir: c.Dir, Config: config}
	proc, err := start(kind, "ClickHouse", spec, filepath.Join(c.Dir, "stderr.log"), lock)
	if err != nil {
		return nil, err
	}
	ch := &ClickHouse{proc: proc, lock: lock, httpPort: httpPort, tcpPort: tcpPort}
	if err := ch.awaitReady(ctx, s.Instance); err != nil {
		proc.kill()
		return nil, err
	}
	return ch, nil
}

// choosePorts resolves both ports. Both are held at once, so that they differ.
func choosePorts(c Config) (httpPort, tcpPort int, err error) {
	h, err := choosePort(c.HTTPPort, "--clickhouse-http-port", "ClickHouse's HTTP interface")
	if err != nil {
		return 0, 0, err
	}
	defer h.Close()
	t, err := choosePort(c.TCPPort, "--clickhouse-tcp-port", "ClickHouse's native protocol")
	if err != nil {
		return 0, 0, err
	}
	defer t.Close()
	return portOf(h), portOf(t), nil
}

// TCPAddr is the host:port of the native protocol; the user is default, without
// a password.
func (c *ClickHouse) TCPAddr() string { return address(c.tcpPort) }

// HTTPAddr is the host:port of the HTTP interface.
func (c *ClickHouse) HTTPAddr() string { return address(c.httpPort) }

// PID is the child's process id: killing that process kills ClickHouse.
func (c *ClickHouse) PID() int { return c.proc.pid() }

// Done closes when the child has ended, for whatever reason.
func (c *ClickHouse) Done() <-chan struct{} { return c.proc.done }

// Err is why the child ended without Stop, in a sentence with its last words; nil
// while it runs, and after Stop.
func (c *ClickHouse) Err() error { return c.proc.exitErr() }

// Wait waits for the child's end, and returns Err.
func (c *ClickHouse) Wait() error {
	<-c.proc.done
	return c.proc.exitErr()
}

// Stop ends ClickHouse: SIGTERM, and SIGKILL when it has not ended after 10
// seconds or when ctx is done, which is an error but loses nothing. When Stop
// returns, the process is gone. A second Stop does nothing.
func (c *ClickHouse) Stop(ctx context.Context) error {
	err := c.proc.stop(ctx)
	return errors.Join(err, closeLock(c.lock))
}

// closeLock closes a lock file that an earlier Stop may have closed.
func closeLock(f *os.File) error {
	if err := f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// Kill ends ClickHouse as kill -9 does, and returns when the process is gone.
func (c *ClickHouse) Kill() error {
	c.proc.kill()
	return closeLock(c.lock)
}
