package program

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// ports are those given out by freePort.
var ports struct {
	sync.Mutex
	taken map[int]bool
}

// freePort is a port that nobody listens on and no other test got. It is below
// those that systems give to outgoing connections, which could take it before
// the program does.
func freePort(t *testing.T) int {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	if ports.taken == nil {
		ports.taken = map[int]bool{}
	}
	for range 1000 {
		p := 15_000 + rand.IntN(15_000)
		if !ports.taken[p] && free(p) {
			ports.taken[p] = true
			return p
		}
	}
	t.Fatal("no port is free")
	return 0
}

// free says whether nobody listens on a port.
func free(port int) bool {
	l, err := net.Listen("tcp", loopback(port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// listening says whether somebody listens on a port, without taking it for a
// moment as free does.
func listening(port int) bool {
	c, err := net.Dial("tcp", loopback(port))
	if err != nil {
		return false
	}
	return c.Close() == nil
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// processesOf are the ids of the processes that name a directory on their command
// line, as `up` and its children do. Empty where there is no /proc.
func processesOf(t *testing.T, dir string) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		// A process that ends meanwhile cannot be read; a zombie's is empty.
		line, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if strings.Contains(string(line), dir) {
			pids = append(pids, pid)
		}
	}
	return pids
}
