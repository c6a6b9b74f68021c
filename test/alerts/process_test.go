//go:build alerts

package alerts

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"runrate/deploy/local"
)

// binary is the program whose processes are watched.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	local.RunChild()
	dir, err := os.MkdirTemp("", "runrate-alerts-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "runrate")
	if out, err := exec.Command("go", "build", "-o", binary, "runrate/cmd/runrate").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// within polls until ok is true, and fails the test at the deadline.
func within(t *testing.T, deadline time.Time, what string, ok func() bool) {
	t.Helper()
	for ; !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// patience bounds what should take a second or two, on a machine that is busy.
func patience() time.Time { return time.Now().Add(time.Minute) }

// process is a program that runs, and its log.
type process struct {
	cmd  *exec.Cmd
	log  string
	gone chan error
}

// start starts a program. It ends with the test at the latest, also with one that is
// killed; where the test fails, its log is shown.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(name, args...), log: filepath.Join(t.TempDir(), "log"), gone: make(chan error, 1)}
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Env = log, log, environment()
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		defer log.Close()
		runtime.LockOSThread() // the child dies with the thread that started it
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.gone <- p.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		if said, err := os.ReadFile(p.log); t.Failed() && err == nil {
			t.Logf("%s\n%s", p.cmd, said[max(0, len(said)-4000):])
		}
	})
	return p
}

// environment is this process's, without what would set flags of the program.
func environment() (env []string) {
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "RUNRATE_") {
			env = append(env, v)
		}
	}
	return env
}

// kill ends it as kill -9 does, and returns when it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // fails if it is gone, which is what is wanted
	err := <-p.gone
	p.gone <- err
}

// stop tells it to end, and returns when it has.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.gone:
		p.gone <- err
		if err != nil {
			t.Errorf("%s: %v", p.cmd, err)
		}
	case <-time.After(time.Minute):
		t.Fatalf("%s does not end", p.cmd)
	}
}

// free is the address of a port that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
