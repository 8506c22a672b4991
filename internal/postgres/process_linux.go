package postgres

import "syscall"

// serverAttributes makes the kernel stop the server when this process dies, however it dies, and
// keeps a Ctrl-C of the terminal away from it: who started the server decides when it ends.
func serverAttributes(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as, Setpgid: true, Pdeathsig: syscall.SIGQUIT}
}
