package local

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// stopBound is how long a part has to end itself before it is killed.
const stopBound = 10 * time.Second

// process is a child of this process that runs one part of the stack.
type process struct {
	name     string // for errors: "ClickHouse", "the broker"
	cmd      *exec.Cmd
	lifeline *os.File // held open for as long as the child shall live
	ready    chan string
	errFile  string // the child's standard error

	done chan struct{}

	mu       sync.Mutex
	stopping bool
	err      error // set before done closes
}

// start re-executes this program as the part kind, with spec as its only
// argument. The child's standard output and error go to the file errFile, which
// is emptied first. lock is the locked file of the data directory; the child
// shares the lock, and start keeps the caller's file open.
func start(kind, name string, spec any, errFile string, lock *os.File) (*process, error) {
	failed := func(err error) (*process, error) { return nil, fmt.Errorf("start %s: %w", name, err) }
	if !hooked.Load() {
		return failed(errNotHooked)
	}
	self, err := os.Executable()
	if err != nil {
		return failed(fmt.Errorf("find this program's own file: %w", err))
	}
	arg, err := json.Marshal(spec)
	if err != nil {
		return failed(err)
	}
	stderr, err := os.OpenFile(errFile, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return failed(fmt.Errorf("open its standard error: %w", err))
	}
	defer stderr.Close()
	lifeRead, lifeWrite, err := os.Pipe()
	if err != nil {
		return failed(err)
	}
	defer lifeRead.Close()
	readyRead, readyWrite, err := os.Pipe()
	if err != nil {
		lifeWrite.Close()
		return failed(err)
	}
	defer readyWrite.Close()

	cmd := exec.Command(self, "_"+kind+"-child", string(arg))
	cmd.Env = childEnviron(kind)
	cmd.Stdout, cmd.Stderr = stderr, stderr
	cmd.ExtraFiles = []*os.File{lifeRead, readyWrite, lock}
	cmd.SysProcAttr = deathSignal()
	// Its own process group, so that the terminal's interrupt reaches only this
	// process, which then stops its children in order.
	cmd.SysProcAttr.Setpgid = true
	cmd.Dir = filepath.Dir(errFile)
	p := &process{
		name: name, cmd: cmd, lifeline: lifeWrite, errFile: errFile,
		ready: make(chan string, 1), done: make(chan struct{}),
	}
	if err := p.run(); err != nil {
		lifeWrite.Close()
		readyRead.Close()
		return failed(err)
	}
	go p.hear(readyRead)
	return p, nil
}

// run starts the child and returns; what waits for the child's end stays behind.
func (p *process) run() error {
	started := make(chan error)
	go func() {
		// The parent-death signal is sent when the *thread* that started the
		// child ends, so that thread is kept until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.reap()
		}
	}()
	return <-started
}

// hear waits for the line by which the child says that it is ready, and closes the
// pipe.
func (p *process) hear(pipe *os.File) {
	defer pipe.Close()
	if line, err := bufio.NewReader(pipe).ReadString('\n'); err == nil {
		p.ready <- strings.TrimSuffix(line, "\n")
	}
}

// childEnviron is this process's environment without runrate's own settings and those of
// its traces, secrets among them, which are no business of the child's.
func childEnviron(kind string) []string {
	env := []string{childEnv + "=" + kind, "TZ=UTC", "CLICKHOUSE_WATCHDOG_ENABLE=0"}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "RUNRATE_") && !strings.HasPrefix(v, "OTEL_") && !strings.HasPrefix(v, "TZ=") && !strings.HasPrefix(v, "CLICKHOUSE_") {
			env = append(env, v)
		}
	}
	return env
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// reap waits for the child's end and tells everyone.
func (p *process) reap() {
	err := p.cmd.Wait()
	p.lifeline.Close()
	p.mu.Lock()
	if !p.stopping {
		how := "exit status 0"
		if err != nil {
			how = err.Error()
		}
		p.err = fmt.Errorf("%s (process %d) ended by itself: %s%s", p.name, p.pid(), how, p.lastWords())
	}
	p.mu.Unlock()
	close(p.done)
}

// lastWords is the end of what the child wrote to its standard error.
func (p *process) lastWords() string {
	const most = 2000 // bytes
	b, err := os.ReadFile(p.errFile)
	if err != nil {
		return fmt.Sprintf(" (its last words cannot be read: %v)", err)
	}
	if len(b) > most {
		b = b[len(b)-most:]
	}
	if s := strings.TrimSpace(string(b)); s != "" {
		return ": " + s
	}
	return ""
}

// exitErr is why the child ended; nil while it runs, and after stop.
func (p *process) exitErr() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// stop asks the child to end, and kills it when it has not after stopBound or
// when ctx is done. When it returns, the child is gone. The error says that it
// had to be killed, or how it had ended before stop was called.
func (p *process) stop(ctx context.Context) error {
	p.mu.Lock()
	p.stopping = true
	p.mu.Unlock()
	select {
	case <-p.done:
		return p.exitErr()
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s (process %d): %w", p.name, p.pid(), err)
	}
	bound := time.NewTimer(stopBound)
	defer bound.Stop()
	select {
	case <-p.done:
		return p.exitErr()
	case <-ctx.Done():
	case <-bound.C:
	}
	p.kill()
	return fmt.Errorf("stop %s: process %d did not end on SIGTERM in time, and was killed", p.name, p.pid())
}

// kill ends the child and what runs below it at once, and returns when the child
// is gone.
func (p *process) kill() {
	p.mu.Lock()
	p.stopping = true
	p.mu.Unlock()
	select {
	case <-p.done:
		return
	default:
	}
	// The child leads a process group: a server below it is in it too. It can
	// only fail when they are gone already.
	_ = syscall.Kill(-p.pid(), syscall.SIGKILL)
	<-p.done
}
