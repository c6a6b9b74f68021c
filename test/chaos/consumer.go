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

// consumer is a `runrate consume` process.
type consumer struct {
	name string
	fail func(error) // told if it ends by itself

	cmd    *exec.Cmd
	gone   chan struct{}
	killed *atomic.Bool
}

// start runs the program; its log is appended to a file in dir.
func (c *consumer) start(binary string, args []string, dir string) error {
	log, err := os.OpenFile(c.log(dir), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
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
			c.fail(fmt.Errorf("%s ended by itself: %v; its log is %s", c.name, err, log.Name()))
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", c.name, err)
	}
	c.cmd, c.gone, c.killed = cmd, gone, killed
	return nil
}

func (c *consumer) log(dir string) string { return filepath.Join(dir, c.name+".log") }

// kill ends it as kill -9 does, and returns when it is gone.
func (c *consumer) kill() {
	if c.cmd == nil {
		return
	}
	c.killed.Store(true)
	_ = c.cmd.Process.Kill() // fails if it is gone, which is what is wanted
	<-c.gone
}

func (c *consumer) stop() error   { return c.cmd.Process.Signal(syscall.SIGSTOP) }
func (c *consumer) resume() error { return c.cmd.Process.Signal(syscall.SIGCONT) }

// complaints are the lines of its log that somebody would be called for.
func (c *consumer) complaints(dir string) ([]string, error) {
	b, err := os.ReadFile(c.log(dir))
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range strings.Lines(string(b)) {
		if strings.Contains(line, "is halted") || strings.Contains(line, "lost rows") || strings.Contains(line, "panic") {
			out = append(out, c.name+": "+strings.TrimSpace(line))
		}
	}
	return out, nil
}
