package kafkacluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// launch becomes the program of its arguments, under its own process id, and
// leaves a watcher beside it: a shell that reads the lifeline (file descriptor
// 3), which this process holds open at the other end. When the lifeline ends
// without a word, because this process is gone however that came about, the
// watcher kills the program, even a paused one. A line on the lifeline says
// that the program has ended before. The watcher starts first, so there is no
// moment without it.
const launch = `(read _ <&3 || kill -9 $$) & exec "$@" 3<&-`

// process is a Java process.
type process struct {
	what     string // for errors
	log      string // file of its output
	cmd      *exec.Cmd
	lifeline *os.File
	done     chan struct{} // closed when it is gone
	err      error         // how it ended; set before done closes
}

// start runs java with args, its output appended to the file log.
func start(what, java string, args []string, dir, log string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", what, err)
	}
	defer out.Close()
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", what, err)
	}
	defer read.Close()
	cmd := exec.Command("sh", append([]string{"-c", launch, "sh", java}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	cmd.ExtraFiles = []*os.File{read}
	// Its own process group: the terminal's interrupt reaches only this process,
	// and the watcher outlives it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		write.Close()
		return nil, fmt.Errorf("start %s: %w", what, err)
	}
	p := &process{what: what, log: log, cmd: cmd, lifeline: write, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		// Nothing to do if the watcher was killed.
		_, _ = p.lifeline.WriteString("ended\n")
		p.lifeline.Close()
		close(p.done)
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// ended says whether the process is gone.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *process) signal(s syscall.Signal) error {
	if p.ended() {
		return fmt.Errorf("signal %s: it has ended", p.what)
	}
	if err := p.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("signal %s (process %d): %w", p.what, p.pid(), err)
	}
	return nil
}

// kill ends it at once and returns when it is gone.
func (p *process) kill() {
	if !p.ended() {
		_ = p.cmd.Process.Kill() // fails only when it is gone already
	}
	<-p.done
}

// stop asks it to end, and kills it when it has not by the time ctx is over or
// bound has passed, which is an error.
func (p *process) stop(ctx context.Context, bound time.Duration) error {
	if p.ended() {
		return nil
	}
	// A paused one would not hear of it.
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGCONT} {
		if err := p.signal(s); err != nil && !p.ended() {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		p.kill()
		return fmt.Errorf("stop %s: it did not end on SIGTERM in time, and was killed%s", p.what, p.lastWords())
	}
}

// failed is the error of a process that has ended by itself.
func (p *process) failed() error {
	how := "exit status 0"
	if p.err != nil {
		how = p.err.Error()
	}
	words := p.lastWords()
	if strings.Contains(words, "UnsupportedClassVersionError") {
		how += " (this Java is too old: Kafka needs 17 or newer)"
	}
	return fmt.Errorf("%s (process %d) ended by itself: %s%s", p.what, p.pid(), how, words)
}

// lastWords is the end of its log.
func (p *process) lastWords() string {
	const most = 4000 // bytes
	b, err := os.ReadFile(p.log)
	if err != nil {
		return fmt.Sprintf(" (its log cannot be read: %v)", err)
	}
	if len(b) > most {
		b = b[len(b)-most:]
	}
	return fmt.Sprintf("; the end of %s:\n%s", p.log, strings.TrimSpace(string(b)))
}
