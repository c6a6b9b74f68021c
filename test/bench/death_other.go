//go:build !linux

package bench

import "syscall"

// dieWithParent: there is none here; a run that is killed leaves its consumer.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
