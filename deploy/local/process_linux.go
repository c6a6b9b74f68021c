package local

import "syscall"

// deathSignal makes the kernel kill the child when the thread that starts it
// ends, which is kept for as long as the process lives.
var deathSignal = func() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
