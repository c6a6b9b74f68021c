package local

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
)

// childEnv names the part that this process is to run. It is set only in
// processes that this package starts.
const childEnv = "RUNRATE_CHILD"

// The parts that a child can be.
const (
	childLibrary = "clickhouse"        // ClickHouse from libchdb.so, in the child itself
	childServer  = "clickhouse-server" // ClickHouse from a binary, below the child
	childBroker  = "broker"
)

// What a child finds open, besides the standard three.
const (
	lifelineFD = 3 // reads end of file when the parent is gone
	readyFD    = 4 // the child may write one line to the parent, then closes it
	lockFD     = 5 // the lock on the data directory, held until the child ends
)

// hooked says that this program calls RunChild, and so can be its own child.
var hooked atomic.Bool

var errNotHooked = errors.New("this program cannot be its own child process: call local.RunChild first in main, or localtest.Main in TestMain")

// RunChild runs a part of the stack and never returns, if this process was
// started for that; otherwise it returns at once. It must be the first call of
// a program that starts a child: without it the child would be the whole
// program once more, so StartClickHouse and StartBrokerProcess refuse.
func RunChild() {
	hooked.Store(true)
	if os.Getenv(childEnv) != "" {
		os.Exit(ChildMain(os.Args[1:]))
	}
}

// ChildMain runs the part that RUNRATE_CHILD names until that part ends, and
// returns the exit code. Most programs call RunChild instead. args are those of
// the process after its name: a word for people who read `ps`, and what the
// part needs.
func ChildMain(args []string) int {
	kind := os.Getenv(childEnv)
	_ = os.Unsetenv(childEnv) // what this child starts is not a child in turn
	if len(args) != 2 {
		fmt.Fprintf(os.Stderr, "%s=%s is set, but this process was not started by runrate: unset it\n", childEnv, kind)
		return 2
	}
	go dieWithParent(os.NewFile(lifelineFD, "lifeline"))
	var err error
	switch kind {
	case childLibrary:
		err = runLibrary(args[1])
	case childServer:
		err = runServer(args[1])
	case childBroker:
		err = runBroker(args[1])
	default:
		err = fmt.Errorf("%s=%s names no part of the stack: unset it", childEnv, kind)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// dieWithParent ends the process when the lifeline closes. At once, because
// nobody is left to wait for a shutdown, and a crash is safe for every part.
func dieWithParent(lifeline *os.File) {
	buf := make([]byte, 1)
	for {
		if _, err := lifeline.Read(buf); err != nil {
			endServer()
			os.Exit(1)
		}
	}
}
