package local

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// NoDeathSignal leaves the lifeline alone to end children, as on a system without
// a parent-death signal.
func NoDeathSignal() {
	deathSignal = func() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
}

// TrimTorn is for tests.
var TrimTorn = trimTorn

// RunLibrary runs ClickHouse from the library that LOCAL_TEST_LIBRARY names,
// in this process, with the configuration file.
func RunLibrary(config string) error {
	arg, err := json.Marshal(serverSpec{Engine: os.Getenv("LOCAL_TEST_LIBRARY"), Dir: filepath.Dir(filepath.Dir(config)), Config: config})
	if err != nil {
		return err
	}
	return runLibrary(string(arg))
}

// FindLibrary is the library that StartClickHouse would load without a binary.
func FindLibrary() string {
	for _, path := range append([]string{os.Getenv("RUNRATE_CLICKHOUSE_LIB")}, cachedLibraries()...) {
		if isFile(path) == nil {
			return path
		}
	}
	return ""
}

// Unhook forgets that RunChild was called, until the returned function is.
func Unhook() (hook func()) {
	hooked.Store(false)
	return func() { hooked.Store(true) }
}

// ServeOn runs ClickHouse from the library in a child, on ports that are not
// looked at before, and returns why the child ended.
func ServeOn(dir string, httpPort, tcpPort int) error {
	lock, err := openDir(dir, "ClickHouse")
	if err != nil {
		return err
	}
	defer lock.Close()
	config, err := writeConfig(settings{Dir: dir, HTTPPort: httpPort, TCPPort: tcpPort, Memory: machineMemory() / 2})
	if err != nil {
		return err
	}
	spec := serverSpec{Engine: FindLibrary(), Dir: dir, Config: config}
	proc, err := start(childLibrary, "ClickHouse", spec, filepath.Join(dir, "stderr.log"), lock)
	if err != nil {
		return err
	}
	defer proc.kill()
	select {
	case <-proc.done:
		return proc.exitErr()
	case <-time.After(readyBound):
		return errors.New("it runs on")
	}
}
