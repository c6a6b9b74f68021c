package bench

import "syscall"

// DieWithParent makes the kernel kill the child when this process ends.
func DieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
