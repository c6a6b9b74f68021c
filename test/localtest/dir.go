package localtest

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// prefix begins the name of every directory of a test's parts.
const prefix = "runrate-test-"

// Dir is an empty directory for what a test starts on disk: a ClickHouse, a broker, a
// whole pipeline. It is removed when the test ends.
//
// Where there is room it lies in memory. What writes is as durable as ever against the
// death of its process, and no test takes the machine down; but ClickHouse waits for the
// disk with each of the twelve inserts of a flush, for most of a test's time.
// RUNRATE_TEST_DIR names another place, as a disk.
func Dir(t testing.TB) string {
	t.Helper()
	d, err := newDirectory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.remove(); err != nil {
			t.Errorf("remove the test's directory: %v", err)
		}
	})
	return d.path
}

// directory is a directory of a part, in use while its lock is held.
type directory struct {
	path string
	lock *os.File
}

func newDirectory() (*directory, error) {
	parent := os.Getenv("RUNRATE_TEST_DIR")
	if parent == "" {
		parent = inMemory(os.TempDir())
	}
	sweep(parent)
	outer, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return nil, err
	}
	lock, err := os.Create(filepath.Join(outer, "lock"))
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return nil, fmt.Errorf("lock %s: %w", outer, err)
	}
	d := &directory{filepath.Join(outer, "data"), lock}
	return d, os.Mkdir(d.path, 0o700)
}

// remove removes the directory and what is in it.
func (d *directory) remove() error {
	defer d.lock.Close()
	return os.RemoveAll(filepath.Dir(d.path))
}

// young is how old a directory has to be to be swept: one that was made this moment is
// not locked yet.
const young = time.Minute

// sweep removes what test binaries that were killed have left: nobody holds its lock.
// What cannot be removed is left to the next.
func sweep(parent string) {
	left, err := filepath.Glob(filepath.Join(parent, prefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range left {
		info, err := os.Stat(dir)
		if err != nil || time.Since(info.ModTime()) < young {
			continue
		}
		lock, err := os.Open(filepath.Join(dir, "lock"))
		if err != nil {
			continue
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(dir)
		}
		lock.Close()
	}
}
