//go:build !linux

package postgres

import "syscall"

// serverAttributes leaves the server in our process group: there is no parent-death signal here,
// but a Ctrl-C ends both.
func serverAttributes(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as}
}
