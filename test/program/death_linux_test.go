package program

import "syscall"

// dieWithTest ends a process when the thread that started it does, so that not
// even a test binary that is killed leaves one behind.
var dieWithTest = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
