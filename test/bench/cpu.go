package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// ticksPerSecond is the unit of the CPU times in /proc, on all of Linux's platforms.
const ticksPerSecond = 100

// CPUOf is the CPU time that a process has taken so far, user and system. Only Linux
// tells.
func CPUOf(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	const user, system = 11, 12 // of what follows the name
	if len(fields) <= system {
		return 0, fmt.Errorf("/proc/%d/stat is %q", pid, b)
	}
	ticks := int64(0)
	for _, i := range []int{user, system} {
		n, err := strconv.ParseInt(string(fields[i]), 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond, nil
}

// residentOf is the most memory that a process has had, in bytes.
func residentOf(pid int) (int64, error) { return memoryOf(pid, "VmHWM:") }

// ResidentNow is the memory that a process has, in bytes.
func ResidentNow(pid int) (int64, error) { return memoryOf(pid, "VmRSS:") }

func memoryOf(pid int, what string) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(b, []byte(what))
	line, _, _ := bytes.Cut(rest, []byte("kB"))
	kb, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 10, 64)
	return kb << 10, err
}

// Cost is the CPU time that something took, by process, and the time on the wall.
type Cost struct {
	Wall       time.Duration `json:"wall_ns"`
	Own        time.Duration `json:"own_ns"` // runrate, or the one who only fetches or inserts
	ClickHouse time.Duration `json:"clickhouse_ns"`
	Broker     time.Duration `json:"broker_ns"`
}

func (c Cost) minus(d Cost) Cost {
	return Cost{c.Wall - d.Wall, c.Own - d.Own, c.ClickHouse - d.ClickHouse, c.Broker - d.Broker}
}

func (c Cost) plus(d Cost) Cost {
	return Cost{c.Wall + d.Wall, c.Own + d.Own, c.ClickHouse + d.ClickHouse, c.Broker + d.Broker}
}
