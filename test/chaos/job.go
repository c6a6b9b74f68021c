package chaos

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"runrate/internal/stream"
)

// job is a command of the program that ends by itself.
type job struct {
	cmd  *exec.Cmd
	gone chan struct{}
	err  error // once it is gone
}

// rebuild starts `runrate rebuild` of a topic.
func (p *parts) rebuild(topic stream.Kind) (*job, error) {
	return p.start("rebuild-"+topic.String(), "rebuild", topic.String(), "--reason", "chaos", "--brokers", p.broker.Addr(), "--clickhouse", p.tcp, "--kafka-timeout", "5s")
}

// start starts a command; its log is appended to a file.
func (p *parts) start(name string, args ...string) (*job, error) {
	log, err := os.OpenFile(filepath.Join(p.o.Dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	j := &job{cmd: exec.Command(p.o.Binary, args...), gone: make(chan struct{})}
	j.cmd.Stdout, j.cmd.Stderr = log, log
	j.cmd.SysProcAttr = dieWithParent()
	started := make(chan error)
	go func() {
		defer log.Close()
		runtime.LockOSThread() // as the consumers do
		defer runtime.UnlockOSThread()
		err := j.cmd.Start()
		started <- err
		if err == nil {
			j.err = j.cmd.Wait()
			close(j.gone)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return j, nil
}

// wait returns when it has ended; done is whether it did what it was to do.
func (j *job) wait(ctx context.Context) (done bool, err error) {
	select {
	case <-j.gone:
		return j.err == nil, nil
	case <-ctx.Done():
		return false, fmt.Errorf("%v has not ended: %w", j.cmd.Args, ctx.Err())
	}
}

// kill ends it as kill -9 does, and returns when it is gone.
func (j *job) kill() {
	_ = j.cmd.Process.Kill() // fails if it is gone, which is what is wanted
	<-j.gone
}
