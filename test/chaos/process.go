package chaos

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
)

// process is a `runrate consume`, or a `runrate gateway`, which goes on until it is killed.
type process struct {
	name string
	fail func(error) // told if it ends by itself

	cmd    *exec.Cmd
	gone   chan struct{}
	killed *atomic.Bool
}

// start runs the program; its log is appended to a file in dir.
func (p *process) start(binary string, args []string, dir string) error {
	log, err := os.OpenFile(p.log(dir), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	cmd := exec.Command(binary, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = dieWithParent()
	gone, killed := make(chan struct{}), new(atomic.Bool)
	started := make(chan error)
	go func() {
		defer log.Close()
		// The parent's death is signalled when the thread that started the child
		// ends, so that thread is kept until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		err = cmd.Wait()
		close(gone)
		if !killed.Load() {
			p.fail(fmt.Errorf("%s ended by itself: %v; its log is %s", p.name, err, log.Name()))
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	p.cmd, p.gone, p.killed = cmd, gone, killed
	return nil
}

func (p *process) log(dir string) string { return filepath.Join(dir, p.name+".log") }

// kill ends it as kill -9 does, and returns when it is gone.
func (p *process) kill() {
	if p.cmd == nil {
		return
	}
	p.killed.Store(true)
	_ = p.cmd.Process.Kill() // fails if it is gone, which is what is wanted
	<-p.gone
}

func (p *process) stop() error   { return p.cmd.Process.Signal(syscall.SIGSTOP) }
func (p *process) resume() error { return p.cmd.Process.Signal(syscall.SIGCONT) }

// complaints are the lines of its log that somebody would be called for.
func (p *process) complaints(dir string) ([]string, error) {
	b, err := os.ReadFile(p.log(dir))
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range strings.Lines(string(b)) {
		if strings.Contains(line, "is halted") || strings.Contains(line, "lost rows") || strings.Contains(line, "panic") {
			out = append(out, p.name+": "+strings.TrimSpace(line))
		}
	}
	return out, nil
}
