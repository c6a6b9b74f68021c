package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// BrokerProcess is the broker in a child process of this one, for those who want
// to kill it. Its methods may be called from any goroutine.
type BrokerProcess struct {
	proc *process
	lock *os.File
	addr string
}

// StartBrokerProcess is StartBroker in a child process. ctx bounds the start only.
func StartBrokerProcess(ctx context.Context, c BrokerConfig) (*BrokerProcess, error) {
	if c.Dir == "" {
		return nil, errors.New("start the broker: no data directory is given")
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("start the broker: %w", err)
	}
	c.Dir = dir
	lock, err := openDir(dir, "the broker")
	if err != nil {
		return nil, fmt.Errorf("start the broker: %w", err)
	}
	proc, err := start(childBroker, "the broker", c, filepath.Join(dir, "stderr.log"), lock)
	if err != nil {
		lock.Close()
		return nil, err
	}
	b := &BrokerProcess{proc: proc, lock: lock}
	select {
	case b.addr = <-proc.ready:
		return b, nil
	case <-proc.done:
		err = proc.exitErr()
	case <-ctx.Done():
		err = fmt.Errorf("start the broker: %w", ctx.Err())
		proc.kill()
	}
	return nil, errors.Join(err, lock.Close())
}

// Addr is the broker's host:port.
func (b *BrokerProcess) Addr() string { return b.addr }

// PID is the child's process id.
func (b *BrokerProcess) PID() int { return b.proc.pid() }

// Done closes when the child has ended, for whatever reason.
func (b *BrokerProcess) Done() <-chan struct{} { return b.proc.done }

// Err is why the child ended without Stop or Kill; nil while it runs, and after
// those.
func (b *BrokerProcess) Err() error { return b.proc.exitErr() }

// Stop ends the broker in order, and kills it when it has not ended after 10
// seconds or when ctx is done. When Stop returns, the process is gone.
func (b *BrokerProcess) Stop(ctx context.Context) error {
	err := b.proc.stop(ctx)
	return errors.Join(err, closeLock(b.lock))
}

// Kill ends the broker as kill -9 does, and returns when the process is gone.
func (b *BrokerProcess) Kill() error {
	b.proc.kill()
	return closeLock(b.lock)
}

// runBroker is the child: it tells its address, and runs until SIGTERM or until
// the broker fails.
func runBroker(arg string) error {
	c, err := readSpec[BrokerConfig](arg)
	if err != nil {
		return err
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	b, err := startBroker(c)
	if err != nil {
		return err
	}
	ready := os.NewFile(readyFD, "ready")
	if _, err := fmt.Fprintln(ready, b.Addr()); err != nil {
		return fmt.Errorf("tell the broker's address: %w", err)
	}
	if err := ready.Close(); err != nil {
		return fmt.Errorf("tell the broker's address: %w", err)
	}
	select {
	case <-term:
	case <-b.Done():
	}
	return b.Stop()
}
