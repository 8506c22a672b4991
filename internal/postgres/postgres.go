// Package postgres runs a throw-away Postgres server for tests, benchmarks and the demo.
//
// It uses the Postgres that is installed on the machine (see [Find]). The server listens on
// 127.0.0.1 and trusts whoever connects; its data survives a kill of the server, but not a crash of
// the machine. On Linux the server ends with the process that started it, even when that is killed.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	startTimeout  = time.Minute
	answerTimeout = time.Second
	stopTimeout   = 10 * time.Second
	pollInterval  = 5 * time.Millisecond

	dirPrefix = "hookline-postgres-" // of the names of directories that Start makes

	// maxSocketPath is the shortest limit of the systems we run on (macOS 103, Linux 107).
	maxSocketPath = 103
)

var errStartTimeout = errors.New("no answer within a minute")

// Options configure a server. The zero value is fine.
type Options struct {
	// Dir holds the data, the log and the Unix socket. It is made when missing and used again when it
	// holds a cluster already. When we are root, the user that Postgres then runs as (postgres, or
	// nobody) must be able to reach it. Default: a new directory in os.TempDir, which Stop removes.
	Dir string

	// Major is the version of the server, such as 18: see [FindMajor]. Default: whatever [Find] finds.
	Major int

	// InMemory puts the new directory on a file system in memory, where there is one with room (see
	// [memoryDir]), and fills it with a copy of a cluster that was made before. It is for tests:
	// making and dropping databases costs a disk's file system far more than Postgres. Without effect
	// when Dir is set.
	InMemory bool

	// Port on 127.0.0.1. Default: a free one.
	Port int

	// OwnIdentifier has initdb make the cluster: one in memory is a copy else, and has the system
	// identifier of all others of its version.
	OwnIdentifier bool

	// Settings are written to postgresql.conf, over our own defaults.
	Settings map[string]string

	// Log also gets what the server writes to its log file.
	Log io.Writer
}

// Server is a Postgres server. URL, Dir and Port may be called at any time; the other methods one
// at a time.
type Server struct {
	bindir  string
	dir     string
	ownDir  bool
	owner   *os.File // keeps a directory in memory from being removed as an orphan's; nil for others
	port    int
	log     io.Writer
	as      *syscall.Credential
	running *process // nil when stopped
}

// Start makes a cluster and starts its server. It returns when the server accepts connections, or
// with the end of the server's log in the error. The context bounds the start, not the life of the
// server.
func Start(ctx context.Context, o Options) (*Server, error) {
	bindir, err := o.find()
	if err != nil {
		return nil, err
	}
	as, err := credential()
	if err != nil {
		return nil, err
	}
	s := &Server{bindir: bindir, dir: o.Dir, port: o.Port, log: o.Log, as: as}
	if err := s.create(ctx, o); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	if err := s.start(ctx, o.Port == 0); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (o Options) find() (bindir string, err error) {
	if o.Major == 0 {
		return Find()
	}
	return FindMajor(o.Major)
}

// create makes the directory and, unless there is one in it, the cluster.
func (s *Server) create(ctx context.Context, o Options) error {
	if s.dir == "" {
		parent := ""
		if o.InMemory {
			parent = memoryDir()
		}
		dir, err := os.MkdirTemp(parent, dirPrefix)
		if err != nil {
			return err
		}
		s.dir, s.ownDir = dir, true
		if parent != "" {
			if s.owner, err = own(dir); err != nil {
				return err
			}
		}
	}
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return err
	}
	s.dir = dir
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	if s.as != nil {
		if err := os.Chown(s.dir, int(s.as.Uid), int(s.as.Gid)); err != nil {
			return err
		}
	}
	if _, err := os.Stat(s.dataFile("PG_VERSION")); err != nil {
		copied := o.InMemory && !o.OwnIdentifier && o.Dir == "" && s.copyTemplate(ctx) == nil
		if !copied {
			if err := s.initdb(ctx, s.dataFile("")); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(s.dataFile("postgresql.conf"), s.conf(o.Settings), 0o644)
}

// initdb makes a cluster in a directory that is not there yet.
func (s *Server) initdb(ctx context.Context, data string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bindir, "initdb"), "--pgdata", data, "--no-sync",
		"--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
	cmd.Dir, cmd.Env = filepath.Dir(data), environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("initdb: %w; the user that Postgres runs as must be able to reach %s", err,
			filepath.Dir(data))
	}
	if err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// conf is the whole postgresql.conf. It is a file, not a command line, so that ALTER SYSTEM can
// overrule it.
func (s *Server) conf(settings map[string]string) []byte {
	all := map[string]string{
		"listen_addresses":          "127.0.0.1",
		"unix_socket_directories":   s.socketDir(),
		"wal_level":                 "logical",
		"max_wal_senders":           "20",
		"max_replication_slots":     "50",
		"max_connections":           "200",
		"max_prepared_transactions": "20",
		"shared_buffers":            "64MB",
		"fsync":                     "off",
		"full_page_writes":          "off",
		"jit":                       "off", // its start costs more than any query here
		"timezone":                  "UTC",
		"log_timezone":              "UTC",
		"log_line_prefix":           "%m [%p] %q%d %a: ",
	}
	maps.Copy(all, settings)
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s = '%s'\n", name, strings.ReplaceAll(all[name], "'", "''"))
	}
	return []byte(b.String())
}

// socketDir is empty, which means no Unix socket, when the directory's name is too long for one.
func (s *Server) socketDir() string {
	if len(filepath.Join(s.dir, ".s.PGSQL.65535.lock")) > maxSocketPath {
		return ""
	}
	return s.dir
}

// start runs the server. With anyPort it chooses a free port first, and another if that is taken in
// the meantime.
func (s *Server) start(ctx context.Context, anyPort bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, errStartTimeout)
	defer cancel()
	if !anyPort {
		return s.startOnce(ctx)
	}
	for {
		port, err := FreePort()
		if err != nil {
			return err
		}
		s.port = port
		if err = s.startOnce(ctx); err == nil ||
			!strings.Contains(err.Error(), "could not create any TCP/IP sockets") {
			return err
		}
	}
}

func (s *Server) startOnce(ctx context.Context) error {
	file, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	var out io.Writer = file
	if s.log != nil {
		out = io.MultiWriter(file, s.log)
	}
	cmd := exec.Command(filepath.Join(s.bindir, "postgres"), "-D", s.dataFile(""), "-p",
		strconv.Itoa(s.port))
	cmd.Dir, cmd.Env, cmd.SysProcAttr = s.dir, environment(), serverAttributes(s.as)
	cmd.Stdout, cmd.Stderr = out, out
	s.running, err = launch(cmd, file)
	if err != nil {
		s.running = nil
		return fmt.Errorf("start postgres: %w", err)
	}
	if err := s.await(ctx); err != nil {
		return fmt.Errorf("start postgres on port %d: %w\n%s", s.port, errors.Join(err, s.Kill()),
			s.logTail())
	}
	return nil
}

// await returns when the server accepts connections, or with the reason why it never will.
func (s *Server) await(ctx context.Context) error {
	for !s.answers(ctx) {
		select {
		case <-s.running.done:
			return s.running.err
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pollInterval):
		}
	}
	return nil
}

// answers tells whether this very server, not another one that has the port, takes a query.
func (s *Server) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return false
	}
	defer conn.Close(ctx)
	var dir string
	err = conn.QueryRow(ctx, "select current_setting('data_directory')").Scan(&dir)
	return err == nil && dir == s.dataFile("")
}

// Stop shuts the server down, ending its sessions (a fast shutdown; an immediate one after ten
// seconds), and removes the directory if Start made it. A second Stop does nothing.
func (s *Server) Stop() error {
	err := s.shutdown()
	if s.ownDir {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	if s.owner != nil {
		_ = s.owner.Close()
	}
	return err
}

// Kill ends the server at once, as a crash would. The data stays, for Restart.
func (s *Server) Kill() error {
	return s.end(syscall.SIGQUIT)
}

// Restart starts the server again on the same directory and port: after Kill, after Stop when the
// directory was not made by Start, or, when it still runs, after a fast shutdown.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.shutdown(); err != nil {
		return err
	}
	return s.start(ctx, false)
}

// ShutDown asks the server to go down, as an operator does (a fast shutdown), and waits until it
// has. When ctx ends first it goes on running, and the error says so. The data stays, for Restart.
func (s *Server) ShutDown(ctx context.Context) error {
	if s.running == nil {
		return nil
	}
	if err := s.running.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop postgres: %w", err)
	}
	select {
	case <-s.running.done:
		s.running = nil
		return nil
	case <-ctx.Done():
		return fmt.Errorf("postgres does not go down: %w", context.Cause(ctx))
	}
}

func (s *Server) shutdown() error {
	if s.running == nil {
		return nil
	}
	// A replication client that does not read keeps a fast shutdown waiting.
	running := s.running
	impatience := time.AfterFunc(stopTimeout, func() { _ = running.Signal(syscall.SIGQUIT) })
	defer impatience.Stop()
	return s.end(syscall.SIGINT)
}

func (s *Server) end(signal syscall.Signal) error {
	if s.running == nil {
		return nil
	}
	if err := s.running.end(signal); err != nil {
		return fmt.Errorf("stop postgres: %w", err)
	}
	s.running = nil
	return nil
}

// URL is the address of a database of this server, for the superuser postgres.
func (s *Server) URL(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User("postgres"),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Dir is where the data, the log and the Unix socket are.
func (s *Server) Dir() string { return s.dir }

// Port is the one the server listens on at 127.0.0.1. A restart keeps it.
func (s *Server) Port() int { return s.port }

func (s *Server) dataFile(name string) string { return filepath.Join(s.dir, "data", name) }

func (s *Server) logTail() string {
	log, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	const lines = 20
	tail := strings.Split(strings.TrimSpace(string(log)), "\n")
	return strings.Join(tail[max(0, len(tail)-lines):], "\n")
}

// environment is all that Postgres gets of ours, so that no PGDATA, LANG or the like has a say.
func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
}

// FreePort returns a port below the range that systems take outgoing connections' ports from, so
// that none of those takes it while the server is down between Kill and Restart.
func FreePort() (int, error) {
	const low, high, attempts = 15000, 32000, 100
	var lastErr error
	for range attempts {
		port := low + rand.IntN(high-low)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
		lastErr = err
	}
	return 0, fmt.Errorf("no free port from %d to %d in %d attempts: %w", low, high-1, attempts,
		lastErr)
}
