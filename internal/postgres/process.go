package postgres

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"syscall"
)

// process is a running program of ours.
type process struct {
	*os.Process
	done chan struct{} // closed when the program has ended
	err  error         // of Wait; to be read after done
}

// launch starts cmd and waits for it in the background. It closes log when cmd has ended, or did
// not start.
func launch(cmd *exec.Cmd, log io.Closer) (*process, error) {
	p := &process{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel sends the parent-death signal when the thread that started the child ends, so this
		// one stays with the child, and is not handed back afterwards.
		runtime.LockOSThread()
		defer log.Close()
		err := cmd.Start()
		p.Process = cmd.Process
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	return p, <-started
}

// end sends the signal and waits until the program has ended.
func (p *process) end(s os.Signal) error {
	if err := p.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.done
	return nil
}

// credential returns the user to run Postgres as: nil for the current one, another when we are
// root, whom Postgres refuses.
func credential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, fmt.Errorf(
			"postgres does not run as root, and this machine has no user postgres or nobody: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", u.Username, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", u.Username, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// Owner is the user and the group that servers run as, and their files belong to; nil: those of
// this process.
func Owner() (*syscall.Credential, error) { return credential() }
