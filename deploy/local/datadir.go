package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// dataFormat is the number of the layout of a part's directory. Another number
// means another program wrote it.
const dataFormat = 1

// lockBound is how long openDir waits for a lock: the child of a process that
// was killed a moment ago needs that moment to notice.
const lockBound = 2 * time.Second

// openDir creates dir where it is missing and locks it for one process. name
// says whose it is, in errors. The lock ends when the returned file is closed
// here and in the child that inherited it.
func openDir(dir, name string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the data directory of %s: %w", name, err)
	}
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory of %s: %w", name, err)
	}
	for deadline := time.Now().Add(lockBound); ; time.Sleep(20 * time.Millisecond) {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(deadline) {
			break
		}
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		by := ""
		if b, rerr := os.ReadFile(path); rerr == nil && len(b) > 0 {
			by = " (process " + strings.TrimSpace(string(b)) + ")"
		}
		f.Close()
		return nil, fmt.Errorf("the data directory %s is in use by another runrate%s: stop that one, or choose another --data-dir", dir, by)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	// The process id is only for the sentence above; the lock itself counts.
	if err := errors.Join(f.Truncate(0), writeAt(f, strconv.Itoa(os.Getpid())+"\n")); err != nil {
		f.Close()
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return f, nil
}

func writeAt(f *os.File, s string) error {
	_, err := f.WriteAt([]byte(s), 0)
	return err
}

// admit checks that ClickHouse of version have may open dir, and if so records
// that it did. Versions are dotted numbers, of which the first two count: within
// them ClickHouse reads what it wrote, and a newer one reads an older one's.
func admit(dir, have string) error {
	path := filepath.Join(dir, "version")
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return writeVersion(path, have)
	}
	if err != nil {
		return fmt.Errorf("read the version of the data directory: %w", err)
	}
	var format int
	var wrote string
	if _, err := fmt.Sscanf(string(b), "format %d\nclickhouse %s\n", &format, &wrote); err != nil {
		return fmt.Errorf("%s is not a version file of runrate (%q): restore the directory, or choose another --data-dir", path, b)
	}
	if format != dataFormat {
		return fmt.Errorf("%s was written in format %d, and this runrate reads format %d: use the runrate that wrote it, or choose another --data-dir", dir, format, dataFormat)
	}
	w, werr := release(wrote)
	h, herr := release(have)
	if err := errors.Join(werr, herr); err != nil {
		return fmt.Errorf("compare the ClickHouse that wrote %s with this one: %w", dir, err)
	}
	if h[0] < w[0] || h[0] == w[0] && h[1] < w[1] {
		return fmt.Errorf("%s was written by ClickHouse %s, and this ClickHouse is the older %s, which may not read it: use %d.%d or newer, or choose another --data-dir", dir, wrote, have, w[0], w[1])
	}
	if h == w {
		return nil
	}
	return writeVersion(path, have)
}

// writeVersion replaces the version file whole, so that a crash leaves either.
func writeVersion(path, version string) error {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the version of the data directory: %w", err)
	}
	_, err = fmt.Fprintf(f, "format %d\nclickhouse %s\n", dataFormat, version)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the version of the data directory: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("write the version of the data directory: %w", err)
	}
	return nil
}

// release is the first two numbers of a version.
func release(version string) (r [2]int, err error) {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return r, fmt.Errorf("%q is no ClickHouse version", version)
	}
	for i := range r {
		if r[i], err = strconv.Atoi(parts[i]); err != nil {
			return r, fmt.Errorf("%q is no ClickHouse version", version)
		}
	}
	return r, nil
}
