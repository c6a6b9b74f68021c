package local

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"sync/atomic"
	"syscall"
)

// server is the ClickHouse below this child, if it runs one.
var server atomic.Pointer[os.Process]

// endServer kills the ClickHouse below this child.
func endServer() {
	if p := server.Load(); p != nil {
		_ = p.Kill() // it can only fail when it is gone already
	}
}

var versionNumber = regexp.MustCompile(`\d+\.\d+\.\d+(\.\d+)?`)

// runServer runs `clickhouse server` below this process, and ends when it does.
// The process between passes on SIGTERM, and sees to it that the server does not
// outlive runrate, which the server itself could not know.
func runServer(arg string) error {
	spec, err := readSpec[serverSpec](arg)
	if err != nil {
		return err
	}
	out, err := exec.Command(spec.Engine, "server", "--version").Output()
	if err != nil {
		return fmt.Errorf("ask %s for its version: %w", spec.Engine, err)
	}
	version := versionNumber.FindString(string(out))
	if version == "" {
		return fmt.Errorf("ask %s for its version: it answered %q", spec.Engine, out)
	}
	if err := admit(spec.Dir, version); err != nil {
		return err
	}

	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	runtime.LockOSThread() // the parent-death signal is tied to this thread
	cmd := exec.Command(spec.Engine, "server", "--config-file="+spec.Config)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = deathSignal()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s server: %w", spec.Engine, err)
	}
	server.Store(cmd.Process)
	go func() {
		<-term
		_ = cmd.Process.Signal(syscall.SIGTERM) // it can only fail when it is gone already
	}()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s server: %w", spec.Engine, err)
	}
	return nil
}
