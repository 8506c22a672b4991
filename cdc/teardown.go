package cdc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/internal/migrate"
	"hookline/internal/pg"
)

// Teardown is what has to be done to a database for nothing of Hookline to be left in it.
type Teardown struct {
	Steps   []Removal
	Skipped []Kept

	cfg  Config
	role string // quoted
}

// Removal is one statement, or one transaction, of a Teardown.
type Removal struct {
	Kind  RemovalKind `json:"kind"`
	What  string      `json:"what"`
	SQL   string      `json:"sql"`
	Lacks string      `json:"lacks,omitempty"` // the right that the role has not
}

// RemovalKind says what a Removal does.
type RemovalKind string

// In the order in which they are done: what keeps WAL goes first, what makes the CRM's statements
// depend on replica identities before those are set, and what remembers them last.
const (
	RemoveSlot        RemovalKind = "drop the slot"
	RemoveNote        RemovalKind = "forget which spool was used"
	RemovePublication RemovalKind = "drop the publication"
	RestoreIdentity   RemovalKind = "set the replica identity of before"
	RemoveSchema      RemovalKind = "drop Hookline's own tables"
)

// Kept is what a Teardown leaves as it is.
type Kept struct {
	What string `json:"what"`
	Why  string `json:"why"`
	SQL  string `json:"sql,omitempty"` // that would remove it
}

// teardownName is the application_name of a session that tears down, to tell it from a process.
const teardownName = "hookline teardown"

// TeardownConn opens a connection for a Teardown of the database at url.
func TeardownConn(ctx context.Context, url string) (*pgx.Conn, error) {
	config, err := pg.PoolConfig(url, 1)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.RuntimeParams["application_name"] = teardownName
	return pgx.ConnectConfig(ctx, config.ConnConfig)
}

// NewTeardown looks at the database and plans. tables are Hookline's own in Config.Schema beside
// those of this package.
func NewTeardown(ctx context.Context, conn *pgx.Conn, cfg Config, tables []string,
) (*Teardown, error) {
	t := &Teardown{cfg: cfg.withDefaults()}
	if err := t.cfg.validate(); err != nil {
		return nil, err
	}
	if err := conn.QueryRow(ctx, "SELECT quote_ident(current_user)").Scan(&t.role); err != nil {
		return nil, err
	}
	err := inSnapshot(ctx, conn, func() error {
		if err := t.planSlot(ctx, conn); err != nil {
			return err
		}
		others, err := t.queryOthers(ctx, conn)
		if err != nil {
			return err
		}
		if len(others) > 0 {
			t.keep("publication, replica identities and schema "+t.cfg.Schema,
				servesToo(others), "")
			return t.planNote(ctx, conn)
		}
		if err := t.planPublication(ctx, conn); err != nil {
			return err
		}
		if err := t.planIdentities(ctx, conn); err != nil {
			return err
		}
		return t.planSchema(ctx, conn, append(ownTables(), tables...))
	})
	if err != nil {
		return nil, fmt.Errorf("look at what there is to remove: %w", err)
	}
	return t, nil
}

// NewSpoolTeardown plans the removal of tables of Hookline's from a database that holds nothing
// else of it. slot is the one whose tables they are.
func NewSpoolTeardown(ctx context.Context, conn *pgx.Conn, schema, slot string, tables []string,
) (*Teardown, error) {
	t := &Teardown{cfg: Config{Schema: schema, Slot: slot}.withDefaults()}
	if err := conn.QueryRow(ctx, "SELECT quote_ident(current_user)").Scan(&t.role); err != nil {
		return nil, err
	}
	others, err := t.querySlots(ctx, conn, checkpointTable, "")
	if err == nil && len(others) > 0 {
		t.keep("schema "+schema+" of the spool", servesToo(others), "")
	} else if err == nil {
		err = t.planSchema(ctx, conn, tables)
	}
	if err != nil {
		return nil, fmt.Errorf("look at what there is to remove: %w", err)
	}
	return t, nil
}

func ownTables() []string {
	return []string{
		knownTable, movedTable, listingTable, backfillTable, identityTable, environmentTable,
		spoolTable, migrate.VersionTable,
	}
}

// checkpointTable is the spool's, where slots are named that use the schema.
const checkpointTable = "checkpoint"

func servesToo(slots []string) string {
	return "it is there for slot " + strings.Join(slots, ", ") + ", too"
}

// queryExists reports whether there is a table of that name, quoted.
func queryExists(ctx context.Context, conn *pgx.Conn, table string) (there bool, err error) {
	err = conn.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", table).Scan(&there)
	return there, err
}

func (t *Teardown) keep(what, why, sql string) {
	t.Skipped = append(t.Skipped, Kept{What: what, Why: why, SQL: sql})
}

func (t *Teardown) add(kind RemovalKind, what, sql string, owned bool) {
	r := Removal{Kind: kind, What: what, SQL: sql}
	if !owned {
		r.Lacks = "ownership"
	}
	t.Steps = append(t.Steps, r)
}

// checkProcesses returns a Problem while another session of Hookline is there. One that has just
// ended is waited for.
func (t *Teardown) checkProcesses(ctx context.Context, conn *pgx.Conn) error {
	const patience = 3 * time.Second
	deadline := time.Now().Add(patience)
	for {
		var sessions []string
		err := conn.QueryRow(ctx, `SELECT array(
			SELECT format('process %s%s', pid, ' at ' || host(client_addr)) FROM (
			    SELECT pid, client_addr FROM pg_stat_activity
			    WHERE application_name = $1 AND datname = current_database() AND pid <> pg_backend_pid()
			    UNION SELECT s.active_pid, a.client_addr FROM pg_replication_slots s
			    LEFT JOIN pg_stat_activity a ON a.pid = s.active_pid
			    WHERE s.slot_name = $2 AND s.database = current_database() AND s.active_pid IS NOT NULL
			) p ORDER BY 1)`, pg.SessionSettings()["application_name"], t.cfg.Slot).Scan(&sessions)
		if err != nil {
			return fmt.Errorf("look for processes of Hookline: %w", err)
		}
		if len(sessions) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return &Problem{
				What: "Hookline is at work in this database: " + strings.Join(sessions, ", "),
				Hint: "stop it; this shows where it runs: " +
					"SELECT * FROM pg_stat_activity WHERE application_name = 'hookline';",
			}
		}
		select {
		case <-time.After(patience / 30):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (t *Teardown) planSlot(ctx context.Context, conn *pgx.Conn) error {
	slot, err := pg.QuerySlot(ctx, conn, t.cfg.Slot)
	switch {
	case err != nil:
		return err
	case !slot.Exists():
		return nil
	case slot.Plugin != "pgoutput" || !slot.Here:
		why := fmt.Sprintf("it is of plugin %q in database %q", slot.Plugin, slot.Database)
		t.keep("slot "+t.cfg.Slot, why, "")
	default:
		t.add(RemoveSlot, "slot "+t.cfg.Slot, dropSlot(t.cfg.Slot), true)
	}
	return nil
}

// planNote plans the removal of the note of the slot's spool from a table that stays: the spool may
// go, and the slot come again.
func (t *Teardown) planNote(ctx context.Context, conn *pgx.Conn) error {
	name := t.cfg.own(spoolTable).String()
	there, err := queryExists(ctx, conn, name)
	if err != nil || !there {
		return err
	}
	var noted, owned bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+name+" WHERE slot = $1), "+
		"has_table_privilege($2, 'DELETE')", t.cfg.Slot, name).Scan(&noted, &owned)
	if err == nil && noted {
		t.add(RemoveNote, "note of the spool of slot "+t.cfg.Slot,
			"DELETE FROM "+name+" WHERE slot = "+pg.Literal(t.cfg.Slot), owned)
	}
	return err
}

// queryOthers returns the other slots of this database that use the same schema.
func (t *Teardown) queryOthers(ctx context.Context, conn *pgx.Conn) (slots []string, err error) {
	for _, table := range []string{knownTable, checkpointTable} {
		const exists = ` AND slot IN (
			SELECT slot_name FROM pg_replication_slots WHERE database = current_database())`
		more, err := t.querySlots(ctx, conn, table, exists)
		if err != nil {
			return nil, err
		}
		slots = append(slots, more...)
	}
	slices.Sort(slots)
	return slices.Compact(slots), nil
}

// querySlots returns the other slots that a table of Hookline's names; none when it is not there.
func (t *Teardown) querySlots(ctx context.Context, conn *pgx.Conn, table, condition string,
) (slots []string, err error) {
	name := t.cfg.own(table).String()
	there, err := queryExists(ctx, conn, name)
	if err != nil || !there {
		return nil, err
	}
	list := "SELECT DISTINCT slot FROM " + name + " WHERE slot <> $1" + condition + " ORDER BY 1"
	err = conn.QueryRow(ctx, "SELECT array("+list+")", t.cfg.Slot).Scan(&slots)
	return slots, err
}

func (t *Teardown) planPublication(ctx context.Context, conn *pgx.Conn) error {
	var owned bool
	const sql = "SELECT pg_has_role(pubowner, 'USAGE') FROM pg_publication WHERE pubname = $1"
	err := conn.QueryRow(ctx, sql, t.cfg.Publication).Scan(&owned)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	t.add(RemovePublication, "publication "+t.cfg.Publication,
		"DROP PUBLICATION "+pg.Identifier(t.cfg.Publication), owned)
	return nil
}

// planIdentities plans the return of replica identities to what they were, as far as it is known,
// and nobody else has set them since.
func (t *Teardown) planIdentities(ctx context.Context, conn *pgx.Conn) error {
	notes := t.cfg.own(identityTable).String()
	there, err := queryExists(ctx, conn, notes)
	if err != nil {
		return err
	}
	noted := "SELECT NULL::oid AS relation WHERE false"
	if there {
		noted = "SELECT relation FROM " + notes
		if err := t.planNoted(ctx, conn, notes); err != nil {
			return err
		}
	}
	rows, err := conn.Query(ctx, `
		WITH RECURSIVE published AS (
		    SELECT r.prrelid AS relid FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
		    WHERE p.pubname = $1
		    UNION SELECT i.inhrelid FROM pg_inherits i JOIN published ON i.inhparent = published.relid)
		SELECT format('%I.%I', n.nspname, c.relname)
		FROM published JOIN pg_class c ON c.oid = published.relid
		JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relreplident = 'f' AND n.nspname <> $2 AND c.oid NOT IN (`+noted+`) ORDER BY 1`,
		t.cfg.Publication, t.cfg.Schema)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, name := range names {
		t.keep("REPLICA IDENTITY FULL of table "+name,
			"the table had it before Hookline came, or a version that kept no note has set it",
			"ALTER TABLE "+name+" REPLICA IDENTITY DEFAULT")
	}
	return err
}

// planNoted plans for the tables that a note tells of.
func (t *Teardown) planNoted(ctx context.Context, conn *pgx.Conn, notes string) error {
	rows, err := conn.Query(ctx, `
		SELECT r.relation, r.name, format('%I.%I', n.nspname, c.relname), r.before::text, r.made::text,
		       c.relreplident::text, pg_has_role(c.relowner, 'USAGE'),
		       CASE WHEN i.indisunique AND i.indimmediate AND i.indpred IS NULL
		           THEN quote_ident(x.relname) END
		FROM `+notes+` r
		JOIN pg_class c ON c.oid = r.relation AND c.relkind IN ('r', 'p')
		JOIN pg_namespace n ON n.oid = c.relnamespace
		LEFT JOIN pg_index i ON i.indexrelid = r.by_index AND i.indrelid = c.oid
		LEFT JOIN pg_class x ON x.oid = i.indexrelid ORDER BY 3`)
	if err != nil {
		return err
	}
	var oid uint32
	var noted, name, before, made, now string
	var owned bool
	var index *string
	columns := []any{&oid, &noted, &name, &before, &made, &now, &owned, &index}
	_, err = pgx.ForEachRow(rows, columns, func() error {
		what := "replica identity of table " + name
		alter := "ALTER TABLE " + name + " REPLICA IDENTITY "
		set := alter + identityClause(before, stringOrEmpty(index))
		switch {
		case now == before:
		case now != made:
			t.keep(what, "somebody else has set it since", "")
		case before == "i" && index == nil:
			t.keep(what, "it was an index that is gone, or can be none any more", alter+"DEFAULT")
		case noted != name:
			t.keep(what, "the note of what it was is of table "+noted, set)
		default:
			forget := fmt.Sprintf("DELETE FROM %s WHERE relation = %d", notes, oid)
			t.add(RestoreIdentity, what, "BEGIN;\n"+set+";\n"+forget+";\nCOMMIT", owned)
		}
		return nil
	})
	return err
}

func stringOrEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// ownFunctions are Hookline's own: keep_known guards a table, and with annotate writers say
// something of their changes.
var ownFunctions = []string{"annotate", "keep_known"}

// planSchema plans the removal of Hookline's own tables, and of their schema unless something else
// is in it.
func (t *Teardown) planSchema(ctx context.Context, conn *pgx.Conn, tables []string) error {
	var there, owned bool
	var own, others, functions []string
	err := conn.QueryRow(ctx, `
		WITH home AS (SELECT oid, nspowner FROM pg_namespace WHERE nspname = $1),
		own AS (SELECT c.oid, c.relname, c.relowner FROM pg_class c
		    JOIN home ON home.oid = c.relnamespace WHERE c.relkind = 'r' AND c.relname = ANY ($2)),
		routine AS (SELECT p.oid, p.proname, p.proowner FROM pg_proc p
		    JOIN home ON home.oid = p.pronamespace),
		other AS (
		    SELECT c.relname AS name FROM pg_class c JOIN home ON home.oid = c.relnamespace
		    WHERE c.relkind NOT IN ('i', 'I', 't', 'c') AND c.oid NOT IN (SELECT oid FROM own)
		        AND NOT EXISTS (SELECT FROM pg_depend d
		            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
		            AND d.refobjid IN (SELECT oid FROM own) AND d.deptype IN ('a', 'i'))
		    UNION ALL SELECT proname FROM routine WHERE proname <> ALL ($3)
		    UNION ALL SELECT typname FROM pg_type y JOIN home ON home.oid = y.typnamespace
		    WHERE y.typrelid = 0 AND y.typelem = 0
		        OR y.typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c'))
		SELECT EXISTS (SELECT FROM home),
		    coalesce((SELECT bool_and(pg_has_role(owner, 'USAGE')) FROM (
		        SELECT relowner AS owner FROM own
		        UNION ALL SELECT proowner FROM routine WHERE proname = ANY ($3)
		        UNION ALL SELECT nspowner FROM home) owners), true),
		    array(SELECT format('%I(%s)', proname, pg_get_function_identity_arguments(oid))
		        FROM routine WHERE proname = ANY ($3) ORDER BY 1),
		    array(SELECT relname::text FROM own ORDER BY relname),
		    array(SELECT name::text FROM other ORDER BY name)`,
		t.cfg.Schema, tables, ownFunctions).Scan(&there, &owned, &functions, &own, &others)
	if err != nil || !there {
		return err
	}
	schema := pg.Identifier(t.cfg.Schema)
	var statements []string
	if len(own) > 0 {
		names := make([]string, len(own))
		for i, name := range own {
			names[i] = schema + "." + pg.Identifier(name)
		}
		statements = append(statements, "DROP TABLE "+strings.Join(names, ", "))
	}
	for _, function := range functions {
		statements = append(statements, "DROP FUNCTION "+schema+"."+function)
	}
	switch {
	case len(others) > 0:
		why := "it holds what is not Hookline's: " + strings.Join(others, ", ")
		t.keep("schema "+t.cfg.Schema, why, "")
	case t.cfg.Schema == "public":
		t.keep("schema public", "Postgres makes it", "")
	default:
		statements = append(statements, "DROP SCHEMA "+schema)
	}
	if len(statements) > 0 {
		t.add(RemoveSchema, "schema "+t.cfg.Schema,
			"BEGIN;\n"+strings.Join(statements, ";\n")+";\nCOMMIT", owned)
	}
	return nil
}

// lacking returns a *Problem when the role may not take some of the steps, nil otherwise.
func (t *Teardown) lacking() error {
	var what []string
	for _, s := range t.Steps {
		if s.Lacks != "" {
			what = append(what, s.What)
		}
	}
	if len(what) == 0 {
		return nil
	}
	const most = 5
	if n := len(what); n > most {
		what = append(what[:most], fmt.Sprintf("%d more", n-most))
	}
	return &Problem{
		What: fmt.Sprintf("role %s does not own %s, and nothing has been removed",
			t.role, strings.Join(what, ", ")),
		Hint: "let a superuser run what `hookline teardown --dry-run` prints",
	}
}

// Apply takes the steps, one by one, and calls tell after each with what came of it. A replica
// identity that cannot be set now is left, and so is then the schema, which remembers it: Apply can
// be called again after another NewTeardown. It can be killed at any moment, likewise. The error
// says that something could not be done; it is a *Problem, and nothing is done, while a process of
// Hookline runs, or where the role lacks a right.
func (t *Teardown) Apply(ctx context.Context, conn *pgx.Conn, tell func(s *Removal, err error),
) error {
	if err := t.lacking(); err != nil {
		return err
	}
	if err := t.checkProcesses(ctx, conn); err != nil {
		return err
	}
	limit := fmt.Sprintf("SET lock_timeout = %d", lockTimeout.Milliseconds())
	if _, err := conn.Exec(ctx, limit); err != nil {
		return err
	}
	defer pg.ResetLockTimeout(ctx, conn)
	failed := 0
	for i := range t.Steps {
		s := &t.Steps[i]
		if s.Kind == RemoveSchema && failed > 0 {
			t.keep(s.What, "it remembers the replica identities that could not be set", "")
			continue
		}
		err := t.runStep(ctx, conn, s)
		tell(s, err)
		switch {
		case err == nil:
		case s.Kind == RestoreIdentity && ctx.Err() == nil && !conn.IsClosed():
			failed++
			t.keep(s.What, refusal(err), "")
		default:
			return fmt.Errorf("%s: %w", s.What, err)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d replica identities could not be set: run it again", failed)
	}
	return nil
}

// refusal returns why the server has refused a statement, without what it may quote of rows.
func refusal(err error) string {
	if isLocked(err) {
		return "the table is locked at this moment"
	}
	if refused := pg.Refused(err); refused != nil {
		return fmt.Sprintf("the server refuses: %s (SQLSTATE %s)", refused.Message, refused.Code)
	}
	return err.Error()
}

// runStep runs one step. A lock that is not to be had is tried for a few times; a table that is
// gone
// meanwhile needs nothing.
func (t *Teardown) runStep(ctx context.Context, conn *pgx.Conn, s *Removal) error {
	for try := 1; ; try++ {
		err := pg.ExecDDL(ctx, conn, s.SQL)
		if rollingBack := rollback(ctx, conn); rollingBack != nil {
			return errors.Join(err, rollingBack)
		}
		if s.Kind == RestoreIdentity && pg.IsTableGone(err) {
			return nil
		}
		if !isLocked(err) || try == lockTries {
			return err
		}
		select {
		case <-time.After(time.Duration(try) * time.Second / 4):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
