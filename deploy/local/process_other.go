//go:build !linux

package local

import "syscall"

// deathSignal: there is none here, and the lifeline does it alone.
var deathSignal = func() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
