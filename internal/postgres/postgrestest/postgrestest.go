// Package postgrestest gives tests a real Postgres: one server per test binary, a fresh database per test.
package postgrestest

import (
	"context"
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

var (
	start = sync.OnceValues(func() (*postgres.Server, error) {
		server, err := postgres.Start(context.Background(), postgres.Options{})
		running.Store(server)
		return server, err
	})
	running   atomic.Pointer[postgres.Server] // nil until start
	databases atomic.Int64
)

// Main runs the tests of a package and then stops the shared server, if a test has started it:
//
//	func TestMain(m *testing.M) { postgrestest.Main(m) }
func Main(m *testing.M) {
	code := m.Run()
	if server := running.Load(); server != nil {
		if err := server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop the shared Postgres:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// Shared returns the server that all tests of the binary share. The first call starts it; [Main] stops it. A test that
// wants to kill or configure a server starts its own with [postgres.Start].
func Shared(t testing.TB) *postgres.Server {
	t.Helper()
	server, err := start()
	if err != nil {
		t.Fatalf("start the shared Postgres: %v", err)
	}
	return server
}

// NewDatabase makes an empty database on the shared server and returns its URL. At the test's end the database is dropped,
// with its replication slots and whatever is still connected to it.
func NewDatabase(t testing.TB) (url string) {
	t.Helper()
	server := Shared(t)
	name := fmt.Sprintf("test_%d", databases.Add(1))
	if err := execute(t.Context(), server, "create database "+name); err != nil {
		t.Fatalf("create database %s: %v", name, err)
	}
	t.Cleanup(func() {
		if err := drop(server, name); err != nil {
			t.Errorf("drop database %s: %v", name, err)
		}
	})
	return server.URL(name)
}

// drop removes a database. A slot is free a moment after its walsender has gone, so it tries until all steps succeed.
func drop(server *postgres.Server, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
	defer cancel()
	for {
		err := execute(ctx, server,
			"alter database "+name+" allow_connections false",
			"select pg_terminate_backend(pid) from pg_stat_activity where datname = '"+name+"'",
			"select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = '"+name+"'",
			"drop database "+name+" with (force)",
		)
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
