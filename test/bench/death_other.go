//go:build !linux

package bench

import "syscall"

// DieWithParent: there is none here; a run that is killed leaves its consumer.
func DieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
