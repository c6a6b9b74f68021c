package program

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds what should take a second or two, on a machine that is busy.
const patience = 60 * time.Second

// within polls until ok is true, and fails the test after patience.
func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// program is one running command line of the binary.
type program struct {
	cmd      *exec.Cmd
	out, err output
	done     chan struct{} // closed when it has ended
}

// output is what a program wrote; it may be read while the program runs.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write appends; the program's copying goroutine calls it.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

// String is all that was written so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// environment is this process's, without what would set flags of the program.
func environment(more ...string) []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "RUNRATE_") || strings.HasPrefix(v, "RUNRATE_CLICKHOUSE_LIB=") {
			env = append(env, v)
		}
	}
	return append(env, more...)
}

// start starts the binary. It is killed, should it still run, when the test ends.
func start(t *testing.T, cmd *exec.Cmd) *program {
	t.Helper()
	p := &program{cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = &p.out, &p.err, dieWithTest
	if cmd.Env == nil {
		cmd.Env = environment()
	}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // see dieWithTest
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in cmd.ProcessState
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // fails if it has ended, as it should
		<-p.done
	})
	return p
}

// wait waits for the end of a program and returns its exit code, -1 for one that
// a signal ended.
func (p *program) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(2 * patience): // longer than any command's own bound
		t.Fatalf("%q does not end:\n%s", p.cmd.Args, p.err.String())
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *program) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
}

// result is what one finished command line did.
type result struct {
	code     int
	out, err string
}

// runrate runs one command line to its end.
func runrate(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Stdin = strings.NewReader(stdin)
	p := start(t, cmd)
	code := p.wait(t)
	return result{code, p.out.String(), p.err.String()}
}

// must is runrate for a command that has to succeed; it returns what it printed.
func must(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	r := runrate(t, stdin, args...)
	if r.code != 0 {
		t.Fatalf("runrate %s: exit %d\n%s%s", strings.Join(args, " "), r.code, r.out, r.err)
	}
	return r.out
}
