//go:build !linux

package contract

import "syscall"

var dieWithTest *syscall.SysProcAttr
