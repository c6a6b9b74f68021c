//go:build !nolibrary

package local

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// serve is what makes clickhouse-local, which is what the library is, a server:
// it opens the ports, then runs a query that has no end.
const serve = "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; " +
	"SELECT sleepEachRow(0.2) FROM system.numbers SETTINGS max_block_size = 1, max_execution_time = 0 FORMAT Null"

// runLibrary loads libchdb.so and is ClickHouse until SIGTERM ends the process.
// It returns only when ClickHouse could not start or gave up, which it has said
// on standard error.
func runLibrary(arg string) error {
	spec, err := readSpec[serverSpec](arg)
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	lib, err := purego.Dlopen(spec.Engine, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return fmt.Errorf("load the ClickHouse library %s: %w; run `make clickhouse`, or name another with RUNRATE_CLICKHOUSE_LIB", spec.Engine, err)
	}
	for _, name := range []string{"chdb_version", "chdb_query_cmdline"} {
		if _, err := purego.Dlsym(lib, name); err != nil {
			return fmt.Errorf("%s is no ClickHouse library that runrate can use: %w", spec.Engine, err)
		}
	}
	var version func() string
	purego.RegisterLibFunc(&version, lib, "chdb_version")
	if err := admit(spec.Dir, version()); err != nil {
		return err
	}

	options, err := enterTerminal()
	if err != nil {
		return err
	}
	var run func(argc int32, argv unsafe.Pointer) unsafe.Pointer
	purego.RegisterLibFunc(&run, lib, "chdb_query_cmdline")
	args := append([]string{"clickhouse", "--config-file=" + spec.Config, "--listen_host=" + loopback, "--query", serve}, options...)
	argv := make([]*byte, len(args)+1) // C's: null-terminated, of null-terminated strings
	for i, a := range args {
		b := append([]byte(a), 0)
		argv[i] = &b[0]
	}
	run(int32(len(args)), unsafe.Pointer(&argv[0]))
	runtime.KeepAlive(argv)
	return errors.New("ClickHouse stopped serving")
}
