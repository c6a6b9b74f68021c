package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

var errDiskFull = errors.New("no space left on device")

// fullDisk takes so many bytes, and then none.
type fullDisk struct{ left int }

// Write takes what fits, and fails if that is not all.
func (d *fullDisk) Write(b []byte) (int, error) {
	if len(b) > d.left {
		n := d.left
		d.left = 0
		return n, errDiskFull
	}
	d.left -= len(b)
	return len(b), nil
}

// TestOutputThatIsNotTaken: what standard output does not take fails the command.
func TestOutputThatIsNotTaken(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--help"}, {"prices", "example"}} {
		for _, left := range []int{0, 5} {
			var errOut bytes.Buffer
			code := execute(t.Context(), args, strings.NewReader(""), &fullDisk{left: left}, &errOut)
			if code != exitFailed || !strings.Contains(errOut.String(), errDiskFull.Error()) || strings.Contains(errOut.String(), "--help") {
				t.Errorf("%q with room for %d bytes: exit code %d, %q", args, left, code, errOut.String())
			}
		}
	}
}

// TestOutputKeepsItsFirstError: the first error stays, and nothing is written after
// it.
func TestOutputKeepsItsFirstError(t *testing.T) {
	disk := &fullDisk{left: 3}
	out := &output{to: disk}
	if n, err := out.Write([]byte("four")); n != 3 || !errors.Is(err, errDiskFull) {
		t.Errorf("wrote %d, %v", n, err)
	}
	disk.left = 100
	if n, err := out.Write([]byte("more")); n != 0 || !errors.Is(err, errDiskFull) || disk.left != 100 {
		t.Errorf("wrote %d after it, %v; room for %d is left", n, err, disk.left)
	}
	if !errors.Is(out.failed(), errDiskFull) {
		t.Errorf("failed: %v", out.failed())
	}
}
