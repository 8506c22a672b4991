package cdc

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"hookline/internal/migrate"
	"hookline/internal/pg"
)

// catalogScan is a database as a plan finds it: slot, publication, tables, and the role's rights to
// them.
type catalogScan struct {
	version, minor int    // of the server
	role, database string // quoted
	mayCreate      bool   // the role, in the database

	slot         bool // there is one, so what is new now has rows that no stream has brought
	slotOutdated bool // there is one that nobody has read, older than the publication: it is made anew
	active       bool // a process reads it, and is not only making it

	publication bool   // there is one
	all         bool   // it is of all tables
	whole       bool   // it publishes all that it should
	selective   bool   // it leaves out some kinds of changes, such as updates
	stored      bool   // it publishes stored generated columns, or will: the role may set it
	owner       string // of the publication
	owns        bool   // it is the role's, or will be
	listed      int    // tables in it

	migrations []migrate.Migration // that Hookline's own tables lack
	baseline   bool                // they hold the tables that were there before the slot
	known      knownTables

	tables []candidate // the backfill table first, then as asked for, then others in the publication
}

// scanCatalogs asks for all that a plan depends on. The error is as NewPlan has it.
func scanCatalogs(ctx context.Context, conn *pgx.Conn, cfg Config, tables []Table,
	checkpoints Checkpoints,
) (*catalogScan, error) {
	f := new(catalogScan)
	now, checkpoint, err := queryState(ctx, conn, cfg, checkpoints)
	if err != nil {
		return nil, err
	}
	if checkpoints != nil {
		if err := now.checkNotes(cfg, checkpoint); err != nil {
			return nil, err
		}
	}
	switch {
	case checkpoints != nil && checkpoint == nil && now.unusable():
		f.slotOutdated = true
	case now.slot.exists || checkpoint != nil:
		f.slot = now.slot.exists
		if err := now.check(cfg, checkpoint); err != nil {
			return nil, err
		}
	}
	return f, inSnapshot(ctx, conn, func() (err error) {
		if err = f.queryPublication(ctx, conn, cfg); err != nil {
			return err
		}
		if err = f.queryOwnTables(ctx, conn, cfg); err != nil {
			return err
		}
		if f.tables, err = f.queryTables(ctx, conn, cfg, tables); err == nil && f.slot && f.baseline {
			err = f.queryReplaced(ctx, conn)
		}
		return err
	})
}

// inSnapshot calls look so that all its queries see one state of the database: between two of them
// a table may take the name of another one.
func inSnapshot(ctx context.Context, conn *pgx.Conn, look func() error) error {
	if conn.PgConn().TxStatus() != 'I' {
		return look()
	}
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, conn, options, func(pgx.Tx) error { return look() })
}

func (f *catalogScan) queryPublication(ctx context.Context, conn *pgx.Conn, cfg Config) error {
	err := conn.QueryRow(ctx, `
		SELECT current_setting('server_version_num')::int / 10000,
		    current_setting('server_version_num')::int % 10000,
		       quote_ident(current_user),
		       quote_ident(current_database()), has_database_privilege(current_database(), 'CREATE'),
		       coalesce((SELECT active AND confirmed_flush_lsn IS NOT NULL FROM pg_replication_slots
		           WHERE slot_name = $2), false),
		       p.pubname IS NOT NULL, coalesce(puballtables, false),
		       coalesce(pubinsert AND pubupdate AND pubdelete AND pubtruncate AND pubviaroot
		           AND coalesce(to_jsonb(p)->>'pubgencols', 's') = 's', false),
		       coalesce(NOT (pubinsert AND pubupdate AND pubdelete AND pubtruncate), false),
		       coalesce(to_jsonb(p)->>'pubgencols', 's') = 's' OR pg_has_role(p.pubowner, 'USAGE'),
		       coalesce(pg_get_userbyid(p.pubowner), ''),
		       coalesce(pg_has_role(p.pubowner, 'USAGE'), true),
		       (SELECT count(*) FROM pg_publication_rel WHERE prpubid = p.oid)
		FROM (SELECT) one LEFT JOIN pg_publication p ON p.pubname = $1`, cfg.Publication, cfg.Slot).
		Scan(&f.version, &f.minor, &f.role, &f.database, &f.mayCreate, &f.active, &f.publication,
			&f.all, &f.whole, &f.selective,
			&f.stored, &f.owner, &f.owns, &f.listed)
	if err != nil {
		return fmt.Errorf("look publication %q up: %w", cfg.Publication, err)
	}
	return nil
}

// queryOwnTables finds out what Hookline's own tables lack of what this version has them hold, and
// reads what they do hold.
func (f *catalogScan) queryOwnTables(ctx context.Context, conn *pgx.Conn, cfg Config) error {
	known := cfg.own(knownTable).String()
	var there bool
	err := conn.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", known).Scan(&there)
	if err == nil {
		f.migrations, err = migrate.Pending(ctx, conn, cfg.Schema, migrate.Stream)
	}
	if err == nil && there {
		err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+known+" WHERE slot = $1)", cfg.Slot).
			Scan(&f.baseline)
	}
	if err == nil && f.baseline {
		f.known, err = queryKnownTables(ctx, conn, cfg)
	}
	if refused := pg.Refused(err); pg.Is(err, pg.InsufficientPrivilege) {
		return &Problem{
			What: "the role may not use Hookline's own tables: " + refused.Message,
			Hint: fmt.Sprintf("as a superuser: GRANT USAGE, CREATE ON SCHEMA %s TO %s; "+
				"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %[1]s TO %[2]s;",
				pg.Identifier(cfg.Schema), pg.Identifier(conn.Config().User)),
		}
	}
	if err != nil {
		return fmt.Errorf("look up which tables are known: %w", err)
	}
	return nil
}

// hasBackfillTable reports whether the table backfill is there.
func (f *catalogScan) hasBackfillTable() bool {
	return len(f.tables) > 0 && f.tables[0].Name == backfillTable
}

// lacking returns what of needs the role has not. t may be nil where needs tell of no table.
func (f *catalogScan) lacking(needs Rights, t *candidate) (lacks Rights) {
	if needs.has(ownPublication) && !f.owns {
		lacks |= ownPublication
	}
	if needs.has(mayCreate) && !f.mayCreate {
		lacks |= mayCreate
	}
	if needs.has(ownTable) && !t.owned {
		lacks |= ownTable
	}
	if needs.has(readRows) && (t.hidden || !t.readable) {
		lacks |= readRows
	}
	return lacks
}

// sendsOpenWriters reports whether the server sends what a transaction does to a table after that
// is published, although the transaction had begun to write before. Servers that do not, lose later
// changes as well.
//
// https://www.postgresql.org/docs/release/15.13/
func (f *catalogScan) sendsOpenWriters() bool {
	since := map[int]int{13: 21, 14: 18, 15: 13, 16: 9, 17: 5}[f.version]
	return f.version > 17 || since > 0 && f.minor >= since
}

// options are those of the publication. From Postgres 18 on a table under REPLICA IDENTITY FULL
// must be published with its stored generated columns. Else the CRM's own updates of it fail.
//
// https://www.postgresql.org/docs/18/logical-replication-gencols.html
func (f *catalogScan) options() string {
	if f.version >= 18 {
		return "publish_via_partition_root = true, publish_generated_columns = stored"
	}
	return "publish_via_partition_root = true"
}
