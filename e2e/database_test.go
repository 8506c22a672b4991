package e2e

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/internal/postgres"
	"hookline/internal/postgres/postgrestest"
)

// database is a CRM's database, and a session in it.
type database struct {
	t    *testing.T
	url  string // with a password, which the server does not ask for
	name string // of the database, and of the slot
	conn *pgx.Conn
}

// newDatabase returns an empty database on the server that all tests share.
func newDatabase(t *testing.T) *database {
	t.Helper()
	return connect(t, postgrestest.NewDatabase(t))
}

// newServer returns a database on a server of its own.
func newServer(t *testing.T, settings map[string]string) (*postgres.Server, *database) {
	t.Helper()
	return newServerMajor(t, 0, settings)
}

// newServerMajor is newServer for a major version; 0 is the default one.
func newServerMajor(t *testing.T, major int, settings map[string]string) (*postgres.Server, *database) {
	t.Helper()
	postgrestest.NeedMajor(t, major)
	server, err := postgres.Start(t.Context(), postgres.Options{Major: major, Settings: settings, InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server, connect(t, server.URL("postgres"))
}

func connect(t *testing.T, address string) *database {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(u.User.Username(), confidential)
	db := &database{t: t, url: u.String(), name: strings.TrimPrefix(u.Path, "/")}
	db.conn = db.session()
	return db
}

// session opens another session.
func (db *database) session() *pgx.Conn {
	db.t.Helper()
	conn, err := pgx.Connect(db.t.Context(), db.url)
	if err != nil {
		db.t.Fatal(err)
	}
	db.t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// newRole makes a role and returns its name and its URL of the database.
func (db *database) newRole(options string) (name, address string) {
	db.t.Helper()
	name = db.name + "_role"
	db.exec("CREATE ROLE " + name + " LOGIN " + options)
	return name, strings.Replace(db.url, "//postgres:", "//"+name+":", 1)
}

// env is the environment of a process that works on the database.
func (db *database) env(settings ...string) []string {
	return append([]string{
		"HOOKLINE_DATABASE_URL=" + db.url,
		"HOOKLINE_SLOT=" + db.name,
		"HOOKLINE_ALLOW_ADDRESSES=127.0.0.1",
		"HOOKLINE_HEALTH_ADDR=127.0.0.1:0",
		"HOOKLINE_ADMIN_ADDR=off", // many processes, one default address
	}, settings...) // the last one of a name counts
}

func (db *database) exec(sql string, args ...any) {
	db.t.Helper()
	if _, err := db.conn.Exec(db.t.Context(), sql, args...); err != nil {
		db.t.Fatalf("%s: %v", sql, err)
	}
}

// transaction commits the statements together.
func (db *database) transaction(f func(tx pgx.Tx) error) {
	db.t.Helper()
	if err := pgx.BeginFunc(db.t.Context(), db.conn, f); err != nil {
		db.t.Fatal(err)
	}
}

// value returns the only value of a query.
func value[T any](db *database, sql string, args ...any) (v T) {
	db.t.Helper()
	if err := db.conn.QueryRow(db.t.Context(), sql, args...).Scan(&v); err != nil {
		db.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// setUp makes the slot, so that what is written from now on waits for Hookline.
func (db *database) setUp(settings ...string) {
	db.t.Helper()
	if p := run(db.t, db.env(settings...), "setup"); p.wait() != 0 {
		db.t.Fatalf("hookline setup has failed: %s", p.log.String())
	}
}

// slotActive tells whether a process holds the slot.
func (db *database) slotActive() bool {
	db.t.Helper()
	return value[bool](db, `SELECT active FROM pg_replication_slots WHERE slot_name = $1`, db.name)
}

// addWebhook adds a row to the table webhooks and returns its id.
func (db *database) addWebhook(to *inbox, operations ...string) (id string) {
	db.t.Helper()
	return value[string](db, `INSERT INTO webhooks (url, secret, operations) VALUES ($1, $2, $3) RETURNING id::text`,
		to.url(), to.secret, operations)
}
