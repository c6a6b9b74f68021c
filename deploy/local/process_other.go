//go:build !linux

package local

import "syscall"

// deathSignal sets nothing: there is no such signal here, and the lifeline alone
// ends the child.
var deathSignal = func() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
