package localtest

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Where Linux keeps files in memory, and what must be free for a test binary's to be
// there: those of one take some hundred megabytes, and several run at once.
const (
	shm         = "/dev/shm"
	freeOfFiles = 4 << 30 // bytes
	freeMemory  = 6 << 30 // bytes
)

// inMemory is the place for files in memory, or another one where there is no room.
func inMemory(or string) string {
	var at unix.Statfs_t
	if err := unix.Statfs(shm, &at); err != nil || at.Type != unix.TMPFS_MAGIC || at.Bavail < freeOfFiles/uint64(at.Bsize) {
		return or
	}
	if unix.Access(shm, unix.W_OK) != nil || available() < freeMemory {
		return or
	}
	return shm
}

// available is how many bytes of memory can be had without swapping; 0 if that is not
// to be known.
func available() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	_, from, _ := strings.Cut(string(text), "MemAvailable:")
	var kb int64
	if _, err := fmt.Sscan(from, &kb); err != nil {
		return 0
	}
	return kb << 10
}
