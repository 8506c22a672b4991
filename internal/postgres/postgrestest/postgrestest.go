// Package postgrestest gives tests a real Postgres: one server per test binary, a fresh database
// per test.
package postgrestest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/internal/postgres"
)

const (
	dropTimeout  = 30 * time.Second
	pollInterval = 5 * time.Millisecond
)

// shared is a server that the tests of the binary share.
type shared struct {
	once   sync.Once
	server *postgres.Server
	err    error
}

var (
	servers   sync.Map // of *shared, by major version; 0 is the default one
	models    sync.Map // of *model, by modelKey
	databases atomic.Int64
)

// Main runs the tests of a package and then stops the shared servers that tests have started:
//
//	func TestMain(m *testing.M) { postgrestest.Main(m) }
func Main(m *testing.M) { os.Exit(Run(m.Run)) }

// Run is Main for tests that run returns the exit code of. It returns that, or 1 when a server does
// not stop. More tests run at once than there are processors, unless a flag says how many: they
// wait for servers more than they compute.
func Run(run func() int) (code int) {
	if !flag.Parsed() {
		flag.Parse()
	}
	if !isSet("test.parallel") {
		_ = flag.Set("test.parallel", "8")
	}
	code = run()
	servers.Range(func(_, value any) bool {
		if server := value.(*shared).server; server != nil {
			if err := server.Stop(); err != nil {
				fmt.Fprintln(os.Stderr, "stop the shared Postgres:", err)
				code = max(code, 1)
			}
		}
		return true
	})
	return code
}

// isSet reports whether a flag was given.
func isSet(name string) (set bool) {
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

// Shared returns the server that all tests of the binary share. The first call starts it; [Main]
// stops it. A test that wants to kill or configure a server starts its own with [NewServer].
func Shared(t testing.TB) *postgres.Server {
	t.Helper()
	return sharedMajor(t, 0)
}

// sharedMajor is Shared for a server of one major version; 0 is the default one. A test that asks
// for a version that this machine lacks is skipped, and says what fetches it.
func sharedMajor(t testing.TB, major int) *postgres.Server {
	t.Helper()
	NeedServer(t)
	NeedMajor(t, major)
	value, _ := servers.LoadOrStore(major, new(shared))
	s := value.(*shared)
	s.once.Do(func() {
		s.server, s.err = postgres.Start(context.Background(),
			postgres.Options{Major: major, InMemory: true})
	})
	if s.err != nil {
		t.Fatalf("start the shared Postgres: %v", s.err)
	}
	return s.server
}

// NewServer starts a server that is the test's own, in memory, for tests that kill it or configure
// it. It is stopped at the test's end. Options name the version and the settings.
func NewServer(t testing.TB, o postgres.Options) *postgres.Server {
	t.Helper()
	NeedServer(t)
	NeedMajor(t, o.Major)
	o.InMemory = true
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

// NeedServer skips a test that starts a server when tests are to be short.
func NeedServer(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("a server is not started with -short")
	}
}

// NeedMajor skips a test for which this machine lacks the server, unless major is 0.
func NeedMajor(t testing.TB, major int) {
	t.Helper()
	if major == 0 {
		return
	}
	if _, err := postgres.FindMajor(major); err != nil {
		t.Skip(err)
	}
}

// NeedUpgrade skips a test for which this machine lacks a pg_upgrade from one major version to
// another. Where CI runs that is a failure.
func NeedUpgrade(t testing.TB, majors ...int) {
	t.Helper()
	NeedServer(t)
	for _, major := range majors {
		NeedMajor(t, major)
		if _, err := postgres.FindUpgrade(major); err != nil && os.Getenv("CI") != "" && major >= 17 {
			t.Fatal(err)
		} else if err != nil {
			t.Skip(err)
		}
	}
}

// NewDatabase makes an empty database on the shared server and returns its URL. At the test's end
// the database is dropped, with its replication slots and whatever is still connected to it.
func NewDatabase(t testing.TB) (url string) {
	t.Helper()
	return NewDatabaseMajor(t, 0)
}

// NewDatabaseMajor is NewDatabase on the server of sharedMajor.
func NewDatabaseMajor(t testing.TB, major int) (url string) {
	t.Helper()
	return NewDatabaseLike(t, major, "empty", func(context.Context, *pgx.Conn) error { return nil })
}

// NewDatabaseLike is NewDatabaseMajor for a copy of a database that fill has filled. That is made
// once for each key, and dropped with the server. fill runs without the test's context, on a
// connection of its own, and has to close what others it opens.
func NewDatabaseLike(
	t testing.TB, major int, key string, fill func(context.Context, *pgx.Conn) error,
) (url string) {
	t.Helper()
	server := sharedMajor(t, major)
	value, _ := models.LoadOrStore(modelKey{server, key}, new(model))
	m := value.(*model)
	m.once.Do(func() {
		m.name = fmt.Sprintf("model_%d", databases.Add(1))
		m.err = makeModel(context.Background(), server, m.name, fill)
	})
	if m.err != nil {
		t.Fatalf("make the database %q that others are copies of: %v", key, m.err)
	}
	name := fmt.Sprintf("test_%d", databases.Add(1))
	if err := execute(t.Context(), server, createDatabase(name, m.name)); err != nil {
		t.Fatalf("create database %s: %v", name, err)
	}
	t.Cleanup(func() {
		if err := drop(server, name); err != nil {
			t.Errorf("drop database %s: %v", name, err)
		}
	})
	return server.URL(name)
}

// model is a database that others are made as copies of.
type model struct {
	once sync.Once
	name string
	err  error
}

type modelKey struct {
	server *postgres.Server
	key    string
}

func makeModel(
	ctx context.Context, server *postgres.Server, name string,
	fill func(context.Context, *pgx.Conn) error,
) error {
	if err := execute(ctx, server, createDatabase(name, "template1")); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, server.URL(name))
	if err != nil {
		return err
	}
	if err := errors.Join(fill(ctx, conn), conn.Close(ctx)); err != nil {
		return err
	}
	// Nobody may be connected to what is copied, and autovacuum is not either then.
	return execute(ctx, server, "alter database "+name+" allow_connections false")
}

// createDatabase copies files, with the cache of the catalog that the first session has left there:
// a copy by way of the WAL, which is the default, takes thrice the processor time.
func createDatabase(name, like string) string {
	return fmt.Sprintf("create database %s template %s strategy file_copy", name, like)
}

// drop removes a database. A slot is free a moment after its walsender has gone, so it tries until
// all steps succeed.
func drop(server *postgres.Server, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
	defer cancel()
	for {
		err := execute(ctx, server, "alter database "+name+" allow_connections false",
			"select pg_terminate_backend(pid) from pg_stat_activity where datname = '"+name+"'",
			"select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = '"+name+
				"'", "drop database "+name+" with (force)")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pollInterval):
		}
	}
}

// execute runs the statements one by one on a connection of their own.
func execute(ctx context.Context, server *postgres.Server, statements ...string) error {
	conn, err := pgx.Connect(ctx, server.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
