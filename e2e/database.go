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

// Database is a CRM's database, and a session in it.
type Database struct {
	T    *testing.T
	URL  string // with a password, which the server does not ask for
	Name string // of the database, and of the slot
	Conn *pgx.Conn

	// Plain says that the race detector does not watch what is started on it.
	Plain bool
}

// again is the version of Postgres on which tests are run once more. What is under test is the same
// code as on the version before, where the race detector watches it.
const again = 18

// NewDatabase returns an empty database on the server that all tests share.
func NewDatabase(t *testing.T) *Database {
	t.Helper()
	return Connect(t, postgrestest.NewDatabase(t))
}

// NewDatabaseMajor is NewDatabase on the server of a major version; 0 is the default one.
func NewDatabaseMajor(t *testing.T, major int) *Database {
	t.Helper()
	db := Connect(t, postgrestest.NewDatabaseMajor(t, major))
	db.Plain = major == again
	return db
}

// NewServer returns a database on a server of its own.
func NewServer(t *testing.T, settings map[string]string) (*postgres.Server, *Database) {
	t.Helper()
	return NewServerMajor(t, 0, settings)
}

// NewServerMajor is NewServer for a major version; 0 is the default one.
func NewServerMajor(
	t *testing.T, major int, settings map[string]string,
) (*postgres.Server, *Database) {
	t.Helper()
	server := postgrestest.NewServer(t, postgres.Options{Major: major, Settings: settings})
	db := Connect(t, server.URL("postgres"))
	db.Plain = major == again
	return server, db
}

// Connect returns the database at an address, with a session in it.
func Connect(t *testing.T, address string) *Database {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(u.User.Username(), Confidential)
	db := &Database{T: t, URL: u.String(), Name: strings.TrimPrefix(u.Path, "/")}
	db.Conn = db.Session()
	return db
}

// Session opens another session.
func (db *Database) Session() *pgx.Conn {
	db.T.Helper()
	conn, err := pgx.Connect(db.T.Context(), db.URL)
	if err != nil {
		db.T.Fatal(err)
	}
	db.T.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// NewRole makes a role and returns its name and its URL of the database.
func (db *Database) NewRole(options string) (name, address string) {
	db.T.Helper()
	name = db.Name + "_role"
	db.Exec("CREATE ROLE " + name + " LOGIN " + options)
	return name, strings.Replace(db.URL, "//postgres:", "//"+name+":", 1)
}

// Env is the environment of a process that works on the database.
func (db *Database) Env(settings ...string) []string {
	return append([]string{
		"HOOKLINE_DATABASE_URL=" + db.URL,
		"HOOKLINE_SLOT=" + db.Name,
		"HOOKLINE_ALLOW_ADDRESSES=127.0.0.1",
		"HOOKLINE_HEALTH_ADDR=127.0.0.1:0",
		"HOOKLINE_ADMIN_ADDR=off", // many processes, one default address
	}, settings...) // the last one of a name counts
}

// Exec runs a statement, or ends the test.
func (db *Database) Exec(sql string, args ...any) {
	db.T.Helper()
	if _, err := db.Conn.Exec(db.T.Context(), sql, args...); err != nil {
		db.T.Fatalf("%s: %v", sql, err)
	}
}

// Transaction commits the statements together.
func (db *Database) Transaction(f func(tx pgx.Tx) error) {
	db.T.Helper()
	if err := pgx.BeginFunc(db.T.Context(), db.Conn, f); err != nil {
		db.T.Fatal(err)
	}
}

// Value returns the only value of a query.
func Value[T any](db *Database, sql string, args ...any) (v T) {
	db.T.Helper()
	if err := db.Conn.QueryRow(db.T.Context(), sql, args...).Scan(&v); err != nil {
		db.T.Fatalf("%s: %v", sql, err)
	}
	return v
}

// SetUp makes the slot, so that what is written from now on waits for Hookline.
func (db *Database) SetUp(settings ...string) {
	db.T.Helper()
	if p := Run(db.T, db.Env(settings...), "setup"); p.Wait() != 0 {
		db.T.Fatalf("hookline setup has failed: %s", p.Log.String())
	}
}

// SlotActive tells whether a process holds the slot.
func (db *Database) SlotActive() bool {
	db.T.Helper()
	return Value[bool](db, `SELECT active FROM pg_replication_slots WHERE slot_name = $1`, db.Name)
}

// AddWebhook adds a row to the table webhooks and returns its id.
func (db *Database) AddWebhook(to *Inbox, operations ...string) (id string) {
	db.T.Helper()
	return Value[string](db,
		`INSERT INTO webhooks (url, secret, operations) VALUES ($1, $2, $3) RETURNING id::text`,
		to.URL(), to.Secret, operations)
}

// AddOwnWebhook adds a webhook to Hookline's own table, for everyone, and returns its key.
func (db *Database) AddOwnWebhook(to *Inbox, format string, operations ...string) (key string) {
	db.T.Helper()
	return "hookline.webhook/" + Value[string](db,
		`INSERT INTO hookline.webhook (url, secret, format, operations)
		VALUES ($1, $2, $3, $4) RETURNING id::text`, to.URL(), to.Secret, format, operations)
}
