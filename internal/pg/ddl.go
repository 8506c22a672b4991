package pg

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Event triggers of the CRM's are functions that run with the search_path of whoever defines
// something. They may count on the one that their database gives everybody, and Hookline's sessions
// have another one. So statements that define something run with the database's.
//
// https://www.postgresql.org/docs/current/event-triggers.html

// DatabasePathSQL sets, for the rest of a transaction, the search_path that LearnDatabasePath has
// learnt; in other sessions, such as psql's, it is the one that they begin with.
const DatabasePathSQL = "SELECT set_config('search_path', " +
	"current_setting('hookline.search_path', true), true)"

// OwnPathSQL sets the search_path of SessionSettings again.
var OwnPathSQL = "SET LOCAL search_path = " + SessionSettings()["search_path"]

// ExecDDL runs statements that define something, as one transaction or in the one that is open,
// which goes on with the search_path that the database gives everybody.
func ExecDDL(ctx context.Context, conn *pgx.Conn, sql string) error {
	if err := LearnDatabasePath(ctx, conn); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, DatabasePathSQL+";\n"+sql)
	return err
}

// LearnDatabasePath asks, once for a session, which search_path it would have had.
func LearnDatabasePath(ctx context.Context, conn *pgx.Conn) error {
	var known bool
	err := conn.QueryRow(ctx, `SELECT coalesce(current_setting('hookline.search_path', true),
		'') <> ''`).Scan(&known)
	if err != nil || known {
		return err
	}
	config := conn.Config()
	delete(config.RuntimeParams, "search_path")
	other, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("ask for the search_path of the database: %w", err)
	}
	defer func() { _ = other.Close(context.WithoutCancel(ctx)) }()
	var path string
	if err := other.QueryRow(ctx, "SHOW search_path").Scan(&path); err != nil {
		return fmt.Errorf("ask for the search_path of the database: %w", err)
	}
	_, err = conn.Exec(ctx, `SELECT set_config('hookline.search_path', $1, false)`, path)
	return err
}
