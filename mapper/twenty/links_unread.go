package twenty

import (
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"

	"hookline/internal/pg"
)

// unreadTables are the tables that decide which records may be told, and that the role may not
// read: a right to them has been revoked since, or rows are hidden from it. What they would have
// decided is undecided.
type unreadTables struct {
	log    *slog.Logger
	tables map[string]bool
	count  atomic.Int64
}

func newUnreadTables(log *slog.Logger) *unreadTables {
	return &unreadTables{log: log, tables: map[string]bool{}}
}

// note takes the server's refusal to read a table, and logs it if the role has no right to.
func (u *unreadTables) note(w *watch, refused *pgconn.PgError, role string) {
	name := w.name()
	if refused.Code != pg.InsufficientPrivilege || u.tables[name] {
		return
	}
	u.tables[name] = true
	u.count.Store(int64(len(u.tables)))
	schema, to := pg.Identifier(w.schema), pg.Identifier(role)
	u.log.Error(
		"the role may not read a table that decides who may read records: events are undecided where "+
			"it would be asked",
		"table",
		name,
		"error",
		refused.Message,
		"setting",
		"HOOKLINE_UNDECIDED",
		"to_mend_it",
		fmt.Sprintf("as a superuser: GRANT USAGE ON SCHEMA %s TO %s; GRANT SELECT ON %s TO %[2]s; "+
			"and, under row-level security, ALTER ROLE %[2]s BYPASSRLS;", schema, to, name),
	)
}

// clear takes it that the table could be read.
func (u *unreadTables) clear(w *watch) {
	if len(u.tables) == 0 || !u.tables[w.name()] {
		return
	}
	delete(u.tables, w.name())
	u.count.Store(int64(len(u.tables)))
	u.log.Info("the table that decides who may read records can be read again", "table", w.name())
}

// name returns the table's name, quoted.
func (w *watch) name() string { return pg.Identifier(w.schema, w.table) }
