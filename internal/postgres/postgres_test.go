package postgres_test

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/internal/postgres"
)

func TestServerSurvivesKillAndLeavesNothing(t *testing.T) {
	var log bytes.Buffer
	server := start(t, postgres.Options{
		InMemory: true,
		Settings: map[string]string{"application_name": "it's a test"}, Log: &log,
	})
	url := server.URL("postgres")
	execute(t, server, "create table kept as select 42 as answer")

	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.Connect(t.Context(), url); err == nil {
		t.Error("the server answers after Kill")
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := query(t, server, "select answer::text from kept"); got != "42" {
		t.Errorf("after Kill and Restart the table holds %s, want 42", got)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatalf("restart of a running server: %v", err)
	}
	if got := server.URL("postgres"); got != url {
		t.Errorf("URL %s after restarts, want %s", got, url)
	}
	for setting, want := range map[string]string{
		"wal_level": "logical", "application_name": "it's a test", "synchronous_commit": "on",
		"fsync": "off",
	} {
		if got := query(t, server, "show "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}

	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(server.Dir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("directory %s after Stop: %v, want it gone", server.Dir(), err)
	}
	if conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1",
		strconv.Itoa(server.Port()))); err == nil {
		conn.Close()
		t.Errorf("port %d still listens after Stop", server.Port())
	}
	if err := server.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
	for _, line := range []string{
		"received immediate shutdown request",
		"received fast shutdown request",
	} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("Options.Log lacks %q", line)
		}
	}
}

func TestGivenDirectoryIsKeptAndUsedAgain(t *testing.T) {
	dir := newDir(t)
	server := start(t, postgres.Options{Dir: dir})
	execute(t, server, "create table kept as select 42 as answer")
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	again := start(t, postgres.Options{Dir: dir, Settings: map[string]string{"wal_level": "replica"}})
	if got := query(t, again, "select answer::text from kept"); got != "42" {
		t.Errorf("the table of the first server holds %s, want 42", got)
	}
	if got := query(t, again, "show wal_level"); got != "replica" {
		t.Errorf("wal_level %s, want replica", got)
	}
}

func TestStartFailsWithTheServersLog(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, tc := range map[string]struct {
		options postgres.Options
		want    string
	}{
		"unknown setting": {postgres.Options{
			InMemory: true,
			Settings: map[string]string{"no_such_thing": "1"},
		}, "no_such_thing"},
		"port taken": {
			postgres.Options{Port: taken.Addr().(*net.TCPAddr).Port},
			"could not bind IPv4 address",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := postgres.Start(t.Context(), tc.options)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestFind(t *testing.T) {
	bindir, err := postgres.Find()
	if err != nil {
		t.Fatal(err)
	}
	file, err := filepath.EvalSymlinks(filepath.Join(bindir, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	bindir = filepath.Dir(file)
	links := t.TempDir() // as Debian and Homebrew put one program of the directory on the PATH
	if err := os.Symlink(file, filepath.Join(links, "postgres")); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		variable, path string
		want, wantErr  string
	}{
		"POSTGRES_BIN decides":       {variable: bindir, path: "/none", want: bindir},
		"POSTGRES_BIN without files": {variable: links, path: bindir, wantErr: "POSTGRES_BIN=" + links},
		"PATH":                       {path: bindir, want: bindir},
		"link on the PATH":           {path: links, want: bindir},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("POSTGRES_BIN", tc.variable)
			t.Setenv("PATH", tc.path)
			got, err := postgres.Find()
			if got != tc.want {
				t.Errorf("found %q, want %q", got, tc.want)
			}
			if (err == nil) != (tc.wantErr == "") || err != nil &&
				!strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("error %v, want %q", err, tc.wantErr)
			}
		})
	}
}

func start(t *testing.T, o postgres.Options) *postgres.Server {
	t.Helper()
	server, err := postgres.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// newDir is a directory that other users can reach, which t.TempDir is not.
func newDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("",
		"hookline-postgres-test-") //nolint:usetesting // t.TempDir is closed to the user that Postgres runs as
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func connect(t *testing.T, server *postgres.Server) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func execute(t *testing.T, server *postgres.Server, sql string) {
	t.Helper()
	conn := connect(t, server)
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func query(t *testing.T, server *postgres.Server, sql string) (value string) {
	t.Helper()
	conn := connect(t, server)
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), sql).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
