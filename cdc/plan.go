package cdc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Plan is what has to be done to a database before it can be streamed: replica identities, then the publication, then the slot. The
// order matters: a slot must not be older than its publication.
type Plan struct {
	Statements []string // SQL, to be run in order, each on its own
	Left       []string // tables that are not published, each with the reason
	Makes      bool     // the statements make tables in Config.Schema, for the role that streams to read and write

	cfg   Config
	owner Problems // what the role may not do itself
	tells int      // tables with records that are published

	version            int  // of the server
	streams            bool // there is a slot, so what is new now has rows that no stream has brought
	knows              bool // the baseline is there
	exists, all, whole bool // the publication: there is one, of all tables, with all that it should publish
}

// Ready reports whether there is nothing left to do.
func (p *Plan) Ready() bool { return len(p.Statements) == 0 }

// published is a table as the plan looks at it.
type published struct {
	Table
	key      bool // has a primary key
	identity byte
	usable   bool // updates and deletes carry a key as things are
	virtual  bool // has virtual generated columns, which cannot be published
	owned    bool // the role may alter it
	listed   bool // in the publication
	known    bool // its rows, if any, are none to announce
	leaves   []string
}

// NewPlan compares the database with what tables and cfg ask for. A table without a usable replica identity is left out: published, it
// would make the CRM's own updates fail. The error is a Problem when the slot is older than the publication or of another kind than ours, or when
// it is missing although checkpoint, which may be nil, tells that there was one.
//
// https://www.postgresql.org/docs/current/logical-replication-publication.html#LOGICAL-REPLICATION-PUBLICATION-REPLICA-IDENTITY
func NewPlan(ctx context.Context, conn *pgx.Conn, cfg Config, tables []Table, checkpoints Checkpoints) (*Plan, error) {
	return newPlan(ctx, conn, cfg, tables, checkpoints, false)
}

// newPlan is NewPlan; within leaves out what the role has no right to do to tables that hold records.
func newPlan(ctx context.Context, conn *pgx.Conn, cfg Config, tables []Table, checkpoints Checkpoints, within bool) (*Plan, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	p := &Plan{cfg: cfg}
	if err := p.look(ctx, conn); err != nil {
		return nil, err
	}
	slot, err := p.slot(ctx, conn, checkpoints)
	if err != nil {
		return nil, err
	}
	found, err := p.inspect(ctx, conn, append([]Table{p.own(backfillTable)}, tables...))
	if err != nil {
		return nil, err
	}
	var wanted, known []published
	if p.Makes {
		wanted = append(wanted, published{Table: p.own(backfillTable), owned: true, known: true})
	}
	for _, t := range found {
		if p.streams && !t.known && t.Schema != cfg.Schema && (t.Left || t.listed || p.all) {
			known = append(known, t)
		}
		if t.Left {
			continue
		}
		foreign := within && t.Full && !t.owned
		switch {
		case t.virtual && t.identity == 'f':
			p.Left = append(p.Left, t.String()+": its virtual generated columns cannot be published, so under REPLICA IDENTITY FULL its updates would fail")
			continue
		case foreign && !t.listed && !p.all:
			p.Left = append(p.Left, t.String()+": the role does not own it; a superuser can run what `hookline setup --print-sql` prints")
			continue
		case !t.key:
			p.Left = append(p.Left, t.String()+": no primary key, so its records cannot be told apart")
			continue
		case t.identity == 'f' || !t.Full || cfg.Identity == IdentityKeep || foreign || t.virtual:
			if t.virtual && t.Full && cfg.Identity == IdentityFull {
				p.Left = append(p.Left, t.String()+": only its replica identity, which virtual generated columns keep from being FULL: "+
					"updates tell no changed fields")
			} else if t.identity != 'f' && foreign && cfg.Identity == IdentityFull {
				p.Left = append(p.Left, t.String()+": only its replica identity, which the role may not set to FULL: updates tell no changed fields")
			}
			if !t.usable {
				p.Left = append(p.Left, t.String()+": replica identity is set to nothing or to an index that is gone, "+
					"so updates of a published table would fail")
				continue
			}
		default:
			for _, leaf := range t.leaves {
				p.add(t, "ALTER TABLE "+leaf+" REPLICA IDENTITY FULL")
			}
		}
		wanted = append(wanted, t)
		if t.Full {
			p.tells++
		}
	}
	if err := p.publication(ctx, conn, wanted); err != nil {
		return nil, err
	}
	if !p.streams || !p.knows {
		p.Statements = append(p.Statements, p.baseline())
	} else if len(known) > 0 {
		p.Statements = append(p.Statements, p.know(known))
	}
	p.Statements = append(p.Statements, slot...)
	return p, nil
}

// add appends a statement that only the owner of t may run.
func (p *Plan) add(t published, sql string) {
	p.Statements = append(p.Statements, sql)
	if !t.owned {
		p.owner = append(p.owner, &Problem{What: "the role does not own table " + t.String(), Mend: "as its owner or a superuser: " + sql + ";"})
	}
}

// inspect looks the tables up, in one query however many there are.
func (p *Plan) inspect(ctx context.Context, conn *pgx.Conn, tables []Table) ([]published, error) {
	schemas, names := make([]string, len(tables)), make([]string, len(tables))
	for i, t := range tables {
		schemas[i], names[i] = t.Schema, t.Name
	}
	known, arguments := "true", []any{schemas, names, p.cfg.Publication}
	if p.knows {
		known = "EXISTS (SELECT FROM " + p.own(knownTable).String() + " k WHERE k.slot = $4 AND k.relation = c.oid)"
		arguments = append(arguments, p.cfg.Slot)
	}
	rows, err := conn.Query(ctx, `
		SELECT t.ord, leaf.relreplident::text,
		       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary),
		       CASE leaf.relreplident
		           WHEN 'f' THEN true
		           WHEN 'd' THEN EXISTS (SELECT FROM pg_index i WHERE i.indrelid = leaf.oid AND i.indisprimary)
		           WHEN 'i' THEN EXISTS (SELECT FROM pg_index i WHERE i.indrelid = leaf.oid AND i.indisreplident)
		           ELSE false
		       END,
		       pg_has_role(c.relowner, 'USAGE'),
		       (n.nspname, c.relname) IN (SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = $3),
		       quote_ident(ln.nspname) || '.' || quote_ident(leaf.relname),
		       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = leaf.oid AND a.attgenerated = 'v' AND NOT a.attisdropped),
		       `+known+`
		FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS t(schema, name, ord)
		JOIN pg_namespace n ON n.nspname = t.schema
		JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name AND c.relkind IN ('r', 'p')
		LEFT JOIN LATERAL pg_partition_tree(c.oid) pt ON c.relkind = 'p' AND pt.isleaf
		JOIN pg_class leaf ON leaf.oid = coalesce(pt.relid, c.oid)
		JOIN pg_namespace ln ON ln.oid = leaf.relnamespace
		ORDER BY t.ord, leaf.oid`, arguments...)
	if err != nil {
		return nil, fmt.Errorf("look tables up: %w", err)
	}
	var found []published
	last := int64(0)
	for rows.Next() {
		var (
			t        published
			ord      int64
			identity string
			leaf     string
		)
		if err := rows.Scan(&ord, &identity, &t.key, &t.usable, &t.owned, &t.listed, &leaf, &t.virtual, &t.known); err != nil {
			return nil, fmt.Errorf("look tables up: %w", err)
		}
		t.identity = identity[0]
		if ord != last {
			t.Table, last = tables[ord-1], ord
			found = append(found, t)
		}
		f := &found[len(found)-1]
		f.usable, f.virtual = f.usable && t.usable, f.virtual || t.virtual
		if t.identity != 'f' {
			f.identity = t.identity // one leaf that is not full makes the table not full
			f.leaves = append(f.leaves, leaf)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look tables up: %w", err)
	}
	return found, nil
}

// look looks the publication up, and which tables are known.
func (p *Plan) look(ctx context.Context, conn *pgx.Conn) error {
	var name *string
	err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int / 10000, p.pubname, coalesce(puballtables, false),
		coalesce(pubinsert AND pubupdate AND pubdelete AND pubtruncate AND pubviaroot
			AND coalesce(to_jsonb(p)->>'pubgencols', 's') = 's', false)
		FROM (SELECT) one LEFT JOIN pg_publication p ON p.pubname = $1`, p.cfg.Publication).Scan(&p.version, &name, &p.all, &p.whole)
	if err != nil {
		return fmt.Errorf("look publication %q up: %w", p.cfg.Publication, err)
	}
	if err := p.lookUpKnown(ctx, conn); err != nil {
		return err
	}
	if p.exists = name != nil; p.exists && !p.whole { // before any replica identity is set: see options
		p.Statements = append(p.Statements, fmt.Sprintf("ALTER PUBLICATION %s SET (publish = 'insert, update, delete, truncate', %s)",
			pgx.Identifier{*name}.Sanitize(), p.options()))
	}
	return nil
}

// options are those of the publication. From Postgres 18 on the CRM's own updates of a table under REPLICA IDENTITY FULL fail when the
// table is published without its stored generated columns.
//
// https://www.postgresql.org/docs/18/logical-replication-gencols.html
func (p *Plan) options() string {
	if p.version >= 18 {
		return "publish_via_partition_root = true, publish_generated_columns = stored"
	}
	return "publish_via_partition_root = true"
}

// publication plans what makes the publication list the wanted tables and no others.
func (p *Plan) publication(ctx context.Context, conn *pgx.Conn, wanted []published) error {
	name := pgx.Identifier{p.cfg.Publication}.Sanitize()
	if !p.exists {
		return p.newPublication(ctx, conn, name, wanted)
	}
	if p.all {
		return nil
	}
	for _, t := range wanted {
		switch {
		case t.listed:
		case p.streams && !t.known:
			p.add(t, p.backfill(t))
		default:
			p.add(t, "ALTER PUBLICATION "+name+" ADD TABLE "+t.String())
		}
	}
	rows, err := conn.Query(ctx, `SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = $1 ORDER BY 1, 2`, p.cfg.Publication)
	if err != nil {
		return fmt.Errorf("look publication %s up: %w", name, err)
	}
	listed, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t Table, err error) {
		return t, row.Scan(&t.Schema, &t.Name)
	})
	if err != nil {
		return fmt.Errorf("look publication %s up: %w", name, err)
	}
	keep := names(wanted)
	for _, t := range listed {
		if !slices.Contains(keep, t.String()) {
			p.Statements = append(p.Statements, "ALTER PUBLICATION "+name+" DROP TABLE "+t.String())
		}
	}
	return nil
}

func names(tables []published) []string {
	list := make([]string, len(tables))
	for i, t := range tables {
		list[i] = t.String()
	}
	return list
}

func (p *Plan) newPublication(ctx context.Context, conn *pgx.Conn, name string, wanted []published) error {
	sql := "CREATE PUBLICATION " + name
	if len(wanted) > 0 {
		sql += " FOR TABLE " + strings.Join(names(wanted), ", ")
	}
	sql += " WITH (" + p.options() + ")"
	p.Statements = append(p.Statements, sql)
	var may bool
	if err := conn.QueryRow(ctx, `SELECT has_database_privilege(current_database(), 'CREATE')`).Scan(&may); err != nil {
		return fmt.Errorf("check the right to make a publication: %w", err)
	}
	if !may {
		p.owner = append(p.owner, &Problem{
			What: "the role may not make a publication in this database",
			Mend: "GRANT CREATE ON DATABASE … TO its role, or let a superuser run what `hookline setup --print-sql` prints",
		})
	}
	for _, t := range wanted {
		if !t.owned {
			p.owner = append(p.owner, &Problem{
				What: "the role does not own table " + t.String(), Mend: "let its owner or a superuser run what `hookline setup --print-sql` prints",
			})
		}
	}
	return nil
}

const (
	lockTimeout = time.Second // for one lock of a plan's statement: while it waits, the CRM's own statements wait behind it
	lockTries   = 5
)

// Apply runs the plan. A table that the CRM keeps locked is given up for a while and tried again, a few times. The error is a Problems
// when the role may not do it; then nothing was done.
func (p *Plan) Apply(ctx context.Context, conn *pgx.Conn, log *slog.Logger) error {
	if err := p.owner.err(); err != nil {
		return err
	}
	if p.Ready() {
		return nil
	}
	if _, err := conn.Exec(ctx, fmt.Sprintf("SET lock_timeout = %d", lockTimeout.Milliseconds())); err != nil {
		return err
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "RESET lock_timeout") }()
	for _, sql := range p.Statements {
		log.Info("preparing the database", "sql", firstLine(sql))
		run := p.run
		if strings.HasPrefix(sql, createSlot) {
			run = p.makeSlot
		}
		if err := run(ctx, conn, sql, log); err != nil {
			return fmt.Errorf("%s: %w", firstLine(sql), err)
		}
	}
	return nil
}

func (p *Plan) run(ctx context.Context, conn *pgx.Conn, sql string, log *slog.Logger) error {
	for try := 1; ; try++ {
		_, err := conn.Exec(ctx, sql)
		var refused *pgconn.PgError
		if conn.PgConn().TxStatus() != 'I' { // inside a statement that is a transaction
			if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
				return err
			}
		}
		if !errors.As(err, &refused) || refused.Code != lockNotAvailable {
			return err
		}
		if try == lockTries {
			return fmt.Errorf("another session keeps the table locked: %w", err)
		}
		log.Warn("the table is locked, trying again", "sql", firstLine(sql), "try", try)
		select {
		case <-time.After(time.Duration(try) * time.Second):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// firstLine is what logs and errors tell of a statement.
func firstLine(sql string) string {
	line, _, _ := strings.Cut(sql, "\n")
	return line
}

// planTries is how often Prepare plans anew because tables have gone while it was at work.
const planTries = 5

// Prepare plans and applies in one go. A table that only somebody else may publish is left out, unless there is no other. Processes that
// start at the same time must take turns.
func Prepare(ctx context.Context, conn *pgx.Conn, cfg Config, tables []Table, checkpoints Checkpoints,
	log *slog.Logger,
) (p *Plan, err error) {
	for try := 1; ; try++ {
		if p, err = planWithin(ctx, conn, cfg, tables, checkpoints); err == nil {
			err = p.Apply(ctx, conn, log)
		}
		if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || !slices.Contains(tableGone, refused.Code) || try == planTries {
			return p, err
		}
	}
}

// planWithin returns the plan, or where that asks for what the role has no right to do, one without that if it announces anything.
func planWithin(ctx context.Context, conn *pgx.Conn, cfg Config, tables []Table, checkpoints Checkpoints) (*Plan, error) {
	p, err := NewPlan(ctx, conn, cfg, tables, checkpoints)
	if err != nil || len(p.owner) == 0 {
		return p, err
	}
	within, err := newPlan(ctx, conn, cfg, tables, checkpoints, true)
	if err == nil && within.tells > 0 {
		p = within
	}
	return p, err
}

// TakeTurns calls f while no other process that prepares the database does so.
func TakeTurns(ctx context.Context, conn *pgx.Conn, f func() error) error {
	const lock = "hashtextextended('hookline', 0)"
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock("+lock+")"); err != nil {
		return fmt.Errorf("wait for other processes that prepare the database: %w", err)
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock("+lock+")") }()
	return f()
}
