package local

import "syscall"

// machineMemory is the machine's main memory in bytes; 8 GiB when it cannot be
// told. A container's own limit is ClickHouse's to see.
func machineMemory() int64 {
	var info syscall.Sysinfo_t
	if err := syscall.Sysinfo(&info); err != nil {
		return 8 << 30
	}
	return int64(info.Totalram) * int64(info.Unit)
}
