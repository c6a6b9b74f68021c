//go:build !linux

package local

// machineMemory takes a laptop's main memory, in bytes, for granted.
func machineMemory() int64 { return 8 << 30 }
