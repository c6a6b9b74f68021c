package program

import (
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"runrate/test/localtest"
)

// pipeline is one `runrate up`, which may be stopped and started again on the
// same directory and ports.
type pipeline struct {
	dir                      string
	listen, kafka, http, tcp int
	args                     []string
	*program
}

// newPipeline is a pipeline on an empty directory and free ports, not started.
func newPipeline(t *testing.T, args ...string) *pipeline {
	t.Helper()
	return &pipeline{dir: localtest.Dir(t), listen: freePort(t), kafka: freePort(t), http: freePort(t), tcp: freePort(t), args: args}
}

// up starts a new pipeline and waits until it is ready.
func up(t *testing.T, args ...string) *pipeline {
	t.Helper()
	p := newPipeline(t, args...)
	p.start(t)
	p.ready(t)
	return p
}

func (p *pipeline) command() *exec.Cmd {
	return exec.Command(binary, append([]string{"up", "--data-dir", p.dir, "--listen", loopback(p.listen),
		"--kafka-port", strconv.Itoa(p.kafka), "--clickhouse-http-port", strconv.Itoa(p.http),
		"--clickhouse-tcp-port", strconv.Itoa(p.tcp)}, p.args...)...)
}

func (p *pipeline) start(t *testing.T) {
	t.Helper()
	p.program = start(t, p.command())
}

// ready waits until GET /readyz answers 200.
func (p *pipeline) ready(t *testing.T) {
	t.Helper()
	within(t, "/readyz answers 200", func() bool {
		select {
		case <-p.done:
			t.Fatalf("up ended, exit %d:\n%s", p.cmd.ProcessState.ExitCode(), p.err.String())
		default:
		}
		resp, err := http.Get("http://" + loopback(p.listen) + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// terminate ends the pipeline by SIGTERM, in order and with nothing left.
func (p *pipeline) terminate(t *testing.T) {
	t.Helper()
	began := time.Now()
	p.signal(t, syscall.SIGTERM)
	if code := p.wait(t); code != 0 {
		t.Errorf("up ended with exit code %d on SIGTERM:\n%s", code, p.err.String())
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("up took %v to end on SIGTERM", took)
	}
	p.nothingLeft(t)
	if s := p.err.String(); strings.Contains(s, "is halted") {
		t.Errorf("a partition stopped:\n%s", s)
	}
}

// kill ends the pipeline's process by SIGKILL, and waits until its children,
// which got none, are gone too.
func (p *pipeline) kill(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGKILL)
	p.wait(t)
	within(t, "the children of a killed pipeline end", func() bool {
		return len(processesOf(t, p.dir)) == 0 && len(p.openPorts()) == 0
	})
}

// nothingLeft checks that an ended pipeline left no process and no open port.
func (p *pipeline) nothingLeft(t *testing.T) {
	t.Helper()
	if left := processesOf(t, p.dir); len(left) > 0 {
		t.Errorf("processes %v are left", left)
	}
	if open := p.openPorts(); len(open) > 0 {
		t.Errorf("the ports %v are still listened on", open)
	}
}

// openPorts are those of the pipeline's ports that somebody listens on.
func (p *pipeline) openPorts() []int {
	return slices.DeleteFunc([]int{p.listen, p.kafka, p.http, p.tcp}, free)
}

func (p *pipeline) brokers() string { return "--brokers=" + loopback(p.kafka) }

// settle waits until the log is folded.
func (p *pipeline) settle(t *testing.T) {
	t.Helper()
	r := runrate(t, "", "settle", p.brokers(), "--timeout", patience.String())
	if r.code != 0 {
		t.Fatalf("settle: exit %d\n%s%s\nthe pipeline:\n%s", r.code, r.out, r.err, p.err.String())
	}
}

// verify lets the program prove its own numbers.
func (p *pipeline) verify(t *testing.T, args ...string) {
	t.Helper()
	r := runrate(t, "", append([]string{"verify", p.brokers(), "--clickhouse=" + loopback(p.tcp)}, args...)...)
	if r.code != 0 {
		t.Errorf("verify: exit %d\n%s%s", r.code, r.out, r.err)
	}
}
