//go:build cluster && linux

package cluster

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds what should take seconds, on a machine that is busy.
const patience = 5 * time.Minute

// output is what a process wrote; it may be read while that runs.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// process is one running program. It ends with the test, however that ends.
type process struct {
	cmd      *exec.Cmd
	out, err output
	done     chan struct{} // closed when it has ended
}

// start starts a program, which gets SIGTERM when the test ends and SIGKILL when
// that does not end it.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(name, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "RUNRATE_") {
			p.cmd.Env = append(p.cmd.Env, v)
		}
	}
	// Its death comes with that of the thread that started it, which so must live on.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // how it ended is in ProcessState
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.end)
	return p
}

func (p *process) end() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails if it has ended
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// ended says whether the process is gone.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// within polls until ok is true, and fails the test after patience.
func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// result is what one finished command line did.
type result struct {
	code     int // -1: killed
	out, err string
}

// runrate runs one command line to its end.
func runrate(t *testing.T, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p := start(t, runrateBinary, args...)
	select {
	case <-p.done:
	case <-ctx.Done():
		t.Fatalf("runrate %q does not end:\n%s%s", args, p.out.String(), p.err.String())
	}
	return result{p.cmd.ProcessState.ExitCode(), p.out.String(), p.err.String()}
}

// must is runrate for a command that has to end well; it returns what it printed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	r := runrate(t, args...)
	if r.code != 0 {
		t.Fatalf("runrate %q: exit %d\n%s%s", args, r.code, r.out, r.err)
	}
	return r.out
}
