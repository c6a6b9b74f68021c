package local

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// interactive are the options that make ClickHouse on a terminal interactive, and
// have it draw nothing and keep no history.
var interactive = []string{
	"--interactive", "--progress=off", "--progress-table=off", "--disable_suggestion", "--history_file=/dev/null",
}

// enterTerminal makes a new pseudo-terminal the standard input of this process,
// for good, and returns the options that make ClickHouse interactive. Standard
// output is dropped from here on: an interactive ClickHouse repeats its queries
// there. Errors are on standard error.
//
// The terminal is what keeps the server alive. The library is clickhouse-local,
// which takes a run without a terminal for a script, and a script's process it
// ends at any exception that leaves a thread (KillingErrorHandler, set in
// ClickHouse's programs/local/LocalServer.cpp unless it is interactive): a wrong
// password or a reset is enough. An interactive one ends the connection only, as
// a server does.
func enterTerminal() ([]string, error) {
	tty, err := openTerminal()
	if err != nil {
		return nil, fmt.Errorf("open a pseudo-terminal, which ClickHouse's library needs to outlive its clients: %w; mount devpts on /dev/pts, or put a `clickhouse` binary on PATH", err)
	}
	defer tty.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	if err := unix.Dup3(int(tty.Fd()), unix.Stdin, 0); err != nil {
		return nil, fmt.Errorf("take the pseudo-terminal as standard input: %w", err)
	}
	if err := unix.Dup3(int(null.Fd()), unix.Stdout, 0); err != nil {
		return nil, fmt.Errorf("drop standard output: %w", err)
	}
	return interactive, nil
}

// openTerminal returns the side of a new pseudo-terminal that a program reads.
// The other side stays open for as long as this process runs, and has said
// "exit": that is what an interactive ClickHouse reads when it could not serve.
func openTerminal() (*os.File, error) {
	ptmx, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open /dev/ptmx: %w", err)
	}
	if err := unix.IoctlSetPointerInt(ptmx, unix.TIOCSPTLCK, 0); err != nil {
		return nil, fmt.Errorf("unlock it: %w", err)
	}
	n, err := unix.IoctlGetUint32(ptmx, unix.TIOCGPTN)
	if err != nil {
		return nil, fmt.Errorf("ask for its number: %w", err)
	}
	tty, err := os.OpenFile("/dev/pts/"+strconv.FormatUint(uint64(n), 10), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	if _, err := unix.Write(ptmx, []byte("exit\n")); err != nil {
		tty.Close()
		return nil, fmt.Errorf("write to it: %w", err)
	}
	return tty, nil
}
