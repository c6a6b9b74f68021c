package local

import (
	"encoding/json"
	"os"
	"path/filepath"
	"syscall"
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
