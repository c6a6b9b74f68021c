//go:build !linux

package program

import "syscall"

var dieWithTest *syscall.SysProcAttr
