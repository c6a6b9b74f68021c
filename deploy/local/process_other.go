//go:build !linux

package local

import "syscall"

// deathSignal: there is none here, and the lifeline does it alone. The child has
// its own process group, so that the terminal's interrupt reaches only the
// parent, which then stops its children in order.
var deathSignal = func() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
