package pg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/internal/socket"
)

// errURL says that a database URL cannot be parsed. It does not quote it, as it may hold a
// password.
var errURL = errors.New("the database URL cannot be parsed: want a Postgres connection string " +
	"such as postgres://user:password@host:5432/database")

// SessionSettings are the run-time parameters of every connection whose text output is read: the
// stream's tuples, and rows read beside it, must print alike whatever the server's or the role's
// defaults are.
func SessionSettings() map[string]string {
	return map[string]string{
		"application_name": "hookline",
		// every name that is not the server's own is qualified
		"search_path":        "pg_catalog, pg_temp",
		"client_encoding":    "UTF8",
		"DateStyle":          "ISO, MDY",
		"IntervalStyle":      "postgres",
		"TimeZone":           "UTC",
		"lc_monetary":        "C", // money reads alike wherever the CRM's sessions say it is spent
		"extra_float_digits": "1",
		"bytea_output":       "hex",
		"jit":                "off", // it costs a catalog query 100 ms and more, and gains nothing
	}
}

// durability is synchronous_commit: a commit of Hookline's is on disk when it returns, and waits
// for no standby. It would wait for itself while the stream counts as one.
const durability = "local"

// idleInTransaction is how long a session may leave a transaction idle, in which it may hold locks.
// A process that is frozen would keep others waiting for as long as the server does not notice: the
// CRM's migrations, and the process that takes over.
const idleInTransaction = "20s"

// PoolConfig returns the configuration of a pool of at most so many connections to the database at
// url, with SessionSettings and without time limits that are not its own. The server ends a session
// that leaves a transaction idle for 20 seconds, or for as long as url says.
func PoolConfig(url string, connections int32) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errURL // err may quote the password
	}
	for name, value := range SessionSettings() {
		config.ConnConfig.RuntimeParams[name] = value
	}
	if _, ok := config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"]; !ok {
		config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = idleInTransaction
	}
	dialDirect(&config.ConnConfig.Config)
	config.ConnConfig.RuntimeParams["synchronous_commit"] = durability
	// Rows that the role must not see are an error, not left out.
	config.ConnConfig.RuntimeParams["row_security"] = "off"
	asked := config.ConnConfig.RuntimeParams
	config.ConnConfig.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		return prepare(ctx, conn, liftSQL(timeLimits(asked)), readCommittedSQL)
	}
	config.MaxConns = connections
	new(pinger).watch(config)
	return config, nil
}

// ReplicationConfig returns the configuration of a replication connection to the database at url,
// like PoolConfig. Its errors hold no password.
func ReplicationConfig(url string) (*pgconn.Config, error) {
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, errURL // err may quote the password
	}
	for name, value := range SessionSettings() {
		config.RuntimeParams[name] = value
	}
	config.RuntimeParams["replication"] = "database"
	dialDirect(config)
	config.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		return prepare(ctx, conn, liftSQL(timeLimits(config.RuntimeParams)), limitWalsenderSQL)
	}
	return config, nil
}

// dialDirect has connections be read and written at less cost, and fail when the other side has
// vanished: see socket.Direct and socket.Expect.
func dialDirect(config *pgconn.Config) {
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		socket.Expect(conn, vanished)
		return socket.Direct(conn), nil
	}
}

// prepare has a session be what statements make of it, which are to end with a condition.
//
// Behind a pooler, which Hookline refuses later, nothing is set: the session may be another's next.
// A pooler is told by a process number that is not the server's.
func prepare(ctx context.Context, conn *pgconn.PgConn, statements ...string) error {
	var sql strings.Builder
	for _, s := range statements {
		if s != "" {
			fmt.Fprintf(&sql, "%s AND pg_backend_pid() = %d;", s, conn.PID())
		}
	}
	if _, err := conn.Exec(ctx, sql.String()).ReadAll(); err != nil {
		return fmt.Errorf("set what the session has from the server: %w", err)
	}
	return nil
}

// limitWalsenderSQL has the server end a stream whose reader does not answer, where it would wait
// for ever: a process that is frozen would keep the slot from everybody. Zero in the connection
// string stays.
//
// https://www.postgresql.org/docs/current/runtime-config-replication.html#GUC-WAL-SENDER-TIMEOUT
const limitWalsenderSQL = `SELECT set_config(name, boot_val || unit, false) FROM pg_settings
	WHERE current_setting('wal_sender_timeout') = '0' AND name = 'wal_sender_timeout'
	AND source <> 'client'`

// timeLimits are those that the server, the database or the role sets for everybody, but for what
// the connection string or Hookline itself asks for. They are meant for statements of an
// application. What Hookline does has bounds of its own, or lasts as long as others do: a stream
// waits for receivers, and decoding a transaction is a transaction of the walsender, which
// transaction_timeout (17 and later) ends, at each try in the same place.
//
// https://www.postgresql.org/docs/current/runtime-config-client.html
func timeLimits(asked map[string]string) (names []string) {
	for _, name := range []string{
		"statement_timeout", "lock_timeout", "transaction_timeout",
		"idle_in_transaction_session_timeout", "idle_session_timeout",
	} {
		if _, ok := asked[name]; !ok {
			names = append(names, name)
		}
	}
	return names
}

// liftSQL takes limits with these names from a session; those of the connection string stay. Where
// none of them is set, the server does not read all of its settings, which takes it longer than all
// else at the start of a session.
func liftSQL(names []string) string {
	if len(names) == 0 {
		return ""
	}
	limited := make([]string, len(names))
	for i, name := range names {
		limited[i] = fmt.Sprintf("current_setting('%s', true) <> '0'", name)
	}
	return fmt.Sprintf(`SELECT set_config(name, '0', false) FROM pg_settings
		WHERE (%s) AND name IN ('%s') AND setting <> '0' AND source <> 'client'`,
		strings.Join(limited, " OR "), strings.Join(names, "', '"))
}

// readCommittedSQL has the transactions of a session go on, once what they wait for is theirs, with
// the rows that there are then. Under a stricter level, which the server, the database or the role
// may have for everybody, they would fail. It is no parameter of the connection, as a pooler before
// the spool's database may refuse those that it does not know.
const readCommittedSQL = `SELECT set_config(name, 'read committed', false)
	FROM (VALUES ('default_transaction_isolation')) s (name)
	WHERE current_setting(name) <> 'read committed'`

// ResetLockTimeout has lock_timeout be what it was when the session began, even after ctx has
// ended. The session's other limits stay as they are.
func ResetLockTimeout(ctx context.Context, conn *pgx.Conn) {
	ctx = context.WithoutCancel(ctx)
	if _, err := conn.Exec(ctx, "RESET lock_timeout"); err == nil {
		_ = prepare(ctx, conn.PgConn(), liftSQL([]string{"lock_timeout"}))
	}
}
