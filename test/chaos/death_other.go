//go:build !linux

package chaos

import "syscall"

// dieWithParent: there is none here; a harness that is killed leaves consumers.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
