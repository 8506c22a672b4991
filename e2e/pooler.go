package e2e

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Pooler starts a PgBouncer before the database, with more lines for its configuration, and returns
// the URL of the database behind it. A test for which this machine lacks PgBouncer is skipped.
func (db *Database) Pooler(t *testing.T, lines ...string) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/pgbouncer"); err != nil {
			t.Skip("pgbouncer is not installed; make deps installs it")
		}
	}
	server, err := url.Parse(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	port := FreePort(t)
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	file := filepath.Join(t.TempDir(), "pgbouncer.ini")
	text := fmt.Sprintf(`[databases]
* = host=%s port=%s user=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
%s
`, server.Hostname(), server.Port(), server.User.Username(), port, strings.Join(lines, "\n"))
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		//nolint:gosec // another user reads it
		t.Fatal(err)
	}
	process := Command(t, nil, "version")
	process.Cmd = exec.Command(program, file) //nolint:gosec // it is what was looked for
	process.Cmd.Stdout, process.Cmd.Stderr = &process.Out, &process.Log
	if os.Getuid() == 0 { // it refuses to run as root
		process.Cmd.SysProcAttr = &syscall.SysProcAttr{Credential: nobody(t)}
		process.Cmd.Dir = "/"
		makeReadable(t, file)
	}
	process.Launch()
	Eventually(t, func() error {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err
	})
	server.Host = address
	return server.String()
}

// makeReadable lets everybody read a file of the test's.
func makeReadable(t *testing.T, file string) {
	for dir := filepath.Dir(file); strings.HasPrefix(dir, os.TempDir()+"/"); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // that is what it is for
			t.Fatal(err)
		}
	}
}

func nobody(t *testing.T) *syscall.Credential {
	t.Helper()
	who, err := user.Lookup("nobody")
	if err != nil {
		t.Skip(err)
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
