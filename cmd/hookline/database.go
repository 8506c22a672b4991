package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/config"
	"hookline/mapper"
	"hookline/spool"
	"hookline/webhook"
)

// database is what is known of the CRM's database beside its stream: what its tables hold, and who wants to hear of them.
type database struct {
	cfg      config.Config
	log      *slog.Logger
	pool     *pgxpool.Pool
	catalog  mapper.Catalog
	webhooks *webhook.Registry
	lost     bool                      // it has been told that tenants can no longer be told apart
	told     map[string]cdc.SkipReason // tables that are not as they should be, and why
	stirred  chan struct{}             // see stir
	wake     func()                    // has the pump read the webhooks anew; nil: nobody pumps
	listings *cdc.Listings             // nil: nobody pumps
	tries    int                       // how often tables that somebody locks are waited for; 0: as long as it takes
}

// fewTries is database.tries of a command that is asked how things stand.
const fewTries = 3

// openDatabase connects, checks that the server can stream, and finds out what kind of database it is.
func openDatabase(ctx context.Context, cfg config.Config, log *slog.Logger, metrics prometheus.Registerer) (*database, error) {
	poolConfig, err := cdc.PoolConfig(cfg.CDC.URL, 4)
	if err != nil {
		return nil, fmt.Errorf("HOOKLINE_DATABASE_URL: %w", err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, poolConfig)
	if err != nil {
		return nil, fmt.Errorf("HOOKLINE_DATABASE_URL: %w", err)
	}
	d := &database{cfg: cfg, log: log, pool: pool, told: map[string]cdc.SkipReason{}, stirred: make(chan struct{}, 1)}
	if err := d.detect(ctx, metrics); err != nil {
		pool.Close()
		if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
			err = fmt.Errorf("HOOKLINE_DATABASE_URL: %w", err)
		}
		return nil, err
	}
	return d, nil
}

func (d *database) close() { d.pool.Close() }

func (d *database) detect(ctx context.Context, metrics prometheus.Registerer) error {
	return d.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		if err := cdc.Preflight(ctx, conn.Conn()); err != nil {
			return err
		}
		return d.recognize(ctx, conn.Conn(), metrics)
	})
}

// recognize finds out what kind of database it is.
func (d *database) recognize(ctx context.Context, conn *pgx.Conn, metrics prometheus.Registerer) (err error) {
	profile := d.cfg.Mapper.Profile
	if profile == "" || profile == "auto" {
		if profile, err = mapper.Detect(ctx, conn); err != nil {
			return err
		}
	}
	d.log.Info("database found", "profile", profile)
	records := d.cfg.Mapper
	records.HoldsWebhooks = webhook.LooksLike
	if d.catalog, err = mapper.NewCatalog(profile, records, d.pool, d.log); err != nil {
		return err
	}
	if generic, ok := d.catalog.(*mapper.Generic); ok {
		generic.OnLeft(d.stir)
	}
	webhooks := d.cfg.Webhook
	if webhooks.Profile = "generic"; profile == "twenty" {
		webhooks.Profile = profile
	}
	d.webhooks, err = webhook.Open(webhooks, d.log, metrics)
	return err
}

// openSpool returns the spool, in the CRM database unless another is set.
func openSpool(ctx context.Context, cfg config.Config) (*spool.Spool, error) {
	cfg.Spool.URL = cmp.Or(cfg.Spool.URL, cfg.CDC.URL)
	return spool.Open(ctx, cfg.Spool)
}

// prepareSpool brings the spool's tables up to date.
func prepareSpool(ctx context.Context, s *spool.Spool, log *slog.Logger) error {
	err := s.Migrate(ctx, log)
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return fmt.Errorf("HOOKLINE_SPOOL_DATABASE_URL, or else HOOKLINE_DATABASE_URL: %w", err)
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == insufficientPrivilege {
		return &cdc.Problem{
			What: "the role may not make Hookline's tables: " + err.Error(),
			Mend: "let it: run what `hookline setup --print-sql` prints as a superuser, or set HOOKLINE_SPOOL_DATABASE_URL to a database of its own",
		}
	}
	return err
}

// prepare makes the database ready to be streamed: Hookline's own tables, replica identities, publication, slot.
func (d *database) prepare(ctx context.Context, store *spool.Spool) error {
	if err := prepareSpool(ctx, store, d.log); err != nil {
		return err
	}
	return d.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		return cdc.TakeTurns(ctx, conn.Conn(), func() error {
			_, err := d.prepareOn(ctx, conn.Conn(), store)
			return err
		})
	})
}

// prepareOn is prepare for who has the turn, and returns the plan that was applied. Without checkpoints, nil,
// the database is prepared as if nothing had been announced before.
func (d *database) prepareOn(ctx context.Context, conn *pgx.Conn, checkpoints cdc.Checkpoints) (*cdc.Plan, error) {
	if err := d.makeSchema(ctx, conn); err != nil {
		return nil, err
	}
	tables, err := d.tables(ctx, conn)
	if _, ok := errors.AsType[*cdc.Problem](err); ok {
		// A table that webhooks came from may be published as before, and make the CRM's own statements fail.
		return nil, errors.Join(err, cdc.Relieve(ctx, conn, d.cfg.CDC, d.log))
	}
	if err != nil {
		return nil, err
	}
	plan, err := cdc.Prepare(ctx, conn, d.cfg.CDC, tables, checkpoints, d.log)
	if err != nil {
		return nil, err
	}
	d.tellSkipped(plan.Skipped)
	return plan, errors.Join(d.noteTenancy(ctx, conn), d.noteObjects(ctx, conn, tables))
}

// findGap looks for a gap.
func (d *database) findGap(ctx context.Context, store *spool.Spool) (gap *cdc.Gap, err error) {
	err = d.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		gap, err = cdc.FindGap(ctx, conn.Conn(), d.cfg.CDC, store)
		return err
	})
	if _, ok := errors.AsType[*cdc.Problem](err); ok {
		return nil, nil // of a slot that is somebody else's; dropSlot tells
	}
	return gap, err
}

// dropSlot drops the slot if there is one. The error is a Problem when it is not Hookline's to drop, or when a process reads it.
func (d *database) dropSlot(ctx context.Context) error {
	var name, here string
	var pid *int
	err := d.pool.QueryRow(ctx, `SELECT coalesce(database, ''), current_database(), active_pid
		FROM pg_replication_slots WHERE slot_name = $1`, d.cfg.CDC.Slot).Scan(&name, &here, &pid)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("look slot %q up: %w", d.cfg.CDC.Slot, err)
	case name != here:
		return &cdc.Problem{
			What: fmt.Sprintf("replication slot %q belongs to database %q, not to %q, and is left alone", d.cfg.CDC.Slot, name, here),
			Mend: "set HOOKLINE_SLOT to another name",
		}
	case pid == nil:
		_, err = d.pool.Exec(ctx, `SELECT pg_drop_replication_slot($1)`, d.cfg.CDC.Slot)
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); pid != nil || ok && refused.Code == objectInUse {
		return &cdc.Problem{
			What: fmt.Sprintf("a process reads replication slot %q at this moment, so there is no gap to accept", d.cfg.CDC.Slot),
			Mend: "if it is to be given up all the same, stop that process first; this shows where it runs: SELECT * FROM pg_stat_replication;",
		}
	}
	if err != nil {
		return fmt.Errorf("drop slot %q: %w", d.cfg.CDC.Slot, err)
	}
	return nil
}

// slotPosition returns how far the slot has come.
func (d *database) slotPosition(ctx context.Context) (at cdc.LSN, err error) {
	err = d.pool.QueryRow(ctx, `SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = $1`, d.cfg.CDC.Slot).Scan(&at)
	if err != nil {
		return 0, fmt.Errorf("look slot %q up: %w", d.cfg.CDC.Slot, err)
	}
	return at, nil
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	insufficientPrivilege = "42501"
	objectInUse           = "55006"
)

// makeSchema makes Hookline's own tables where they are missing.
func (d *database) makeSchema(ctx context.Context, conn *pgx.Conn) error {
	there, err := d.hasSchema(ctx, conn)
	if err != nil {
		return err
	}
	if there {
		return d.updateSchema(ctx, conn)
	}
	schema := d.cfg.Webhook.Schema
	_, err = conn.Exec(ctx, webhook.SchemaSQL(schema))
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == insufficientPrivilege {
		return &cdc.Problem{
			What: fmt.Sprintf("the role may not make schema %q in this database", schema),
			Mend: fmt.Sprintf("GRANT CREATE ON DATABASE %s TO %s; or let a superuser run what `hookline setup --print-sql` prints",
				pgx.Identifier{conn.Config().Database}.Sanitize(), pgx.Identifier{conn.Config().User}.Sanitize()),
		}
	}
	if err != nil {
		return fmt.Errorf("make schema %q: %w", schema, err)
	}
	d.log.Info("made the schema of Hookline's own tables", "schema", schema)
	return nil
}

// updateSchema brings Hookline's own table up to date, unless the role may not, or somebody has it locked. It works as it is, too.
func (d *database) updateSchema(ctx context.Context, conn *pgx.Conn) error {
	older, err := d.older(ctx, conn)
	if err != nil {
		return err
	}
	for _, update := range older {
		_, err = conn.Exec(ctx, "BEGIN; SET LOCAL lock_timeout = '1s'; "+update.sql+"; COMMIT")
		if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
			if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
				return err
			}
			d.log.Warn(update.lacks, "error", refused, "sql", update.sql)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// tableUpdate brings Hookline's own table up to date where an older version made it.
type tableUpdate struct{ lacks, sql string }

// older returns what Hookline's own table lacks, where there is one.
func (d *database) older(ctx context.Context, conn *pgx.Conn) (updates []tableUpdate, err error) {
	var uuids, wholeOnly bool
	err = conn.QueryRow(ctx, `SELECT coalesce(bool_or(attname = 'workspace_id' AND atttypid = 'uuid'::regtype), false),
			count(*) > 0 AND NOT coalesce(bool_or(attname = 'rekey'), false)
		FROM pg_attribute WHERE attrelid = to_regclass(format('%I.webhook', $1::text)) AND attnum > 0 AND NOT attisdropped`,
		d.cfg.Webhook.Schema).Scan(&uuids, &wholeOnly)
	if uuids {
		updates = append(updates, tableUpdate{
			"column workspace_id of Hookline's own table takes nothing but UUIDs", webhook.MoreTenantsSQL(d.cfg.Webhook.Schema),
		})
	}
	if wholeOnly {
		updates = append(updates, tableUpdate{
			"Hookline's own table has no column rekey, so changed keys are told as updates", webhook.RekeySQL(d.cfg.Webhook.Schema),
		})
	}
	return updates, err
}

func (d *database) hasSchema(ctx context.Context, conn *pgx.Conn) (there bool, err error) {
	err = conn.QueryRow(ctx, `SELECT to_regclass(format('%I.webhook', $1::text)) IS NOT NULL`, d.cfg.Webhook.Schema).Scan(&there)
	if err != nil {
		return false, d.permitted(conn, fmt.Errorf("look for schema %q: %w", d.cfg.Webhook.Schema, err))
	}
	return there, nil
}

// tables returns what has to be published.
func (d *database) tables(ctx context.Context, conn *pgx.Conn) (tables []cdc.Table, err error) {
	err = d.inSnapshot(ctx, conn, func(tx pgx.Tx) error {
		if tables, err = d.webhooks.Find(ctx, tx); err != nil {
			return err
		}
		if err := d.divide(ctx, tx); err != nil {
			return err
		}
		if generic, ok := d.catalog.(*mapper.Generic); ok {
			generic.Skip(tables, nil) // so that it does not say that they are left out
		}
		if err := d.rememberObjects(ctx, tx); err != nil {
			return err
		}
		ofWebhooks := map[string]bool{}
		for _, t := range tables {
			ofWebhooks[t.String()] = true
		}
		records, err := d.catalog.Tables(ctx, tx)
		for _, t := range records {
			if !ofWebhooks[t.String()] {
				tables = append(tables, t)
			}
		}
		return err
	})
	return tables, err
}

// records returns what has to be published beside the tables of webhooks.
func (d *database) records(ctx context.Context, conn *pgx.Conn) (tables []cdc.Table, err error) {
	err = d.inSnapshot(ctx, conn, func(tx pgx.Tx) error {
		if err := d.divideAsConfigured(ctx, tx); err != nil {
			return err
		}
		if err := d.rememberObjects(ctx, tx); err != nil {
			return err
		}
		tables, err = d.catalog.Tables(ctx, tx)
		return err
	})
	return tables, err
}

// load reads catalog and webhooks as they are now. Call it once the slot is held: whatever the stream brings later than the snapshot is
// then followed, and what the snapshot has already is passed over.
func (d *database) load(ctx context.Context) error {
	return d.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error { return d.read(ctx, conn.Conn()) })
}

func (d *database) read(ctx context.Context, conn *pgx.Conn) error {
	return d.inSnapshot(ctx, conn, func(tx pgx.Tx) error {
		snapshot, err := cdc.TakeSnapshot(ctx, tx)
		if err != nil {
			return err
		}
		if err := d.webhooks.Load(ctx, tx, snapshot); err != nil {
			return err
		}
		if err := d.divide(ctx, tx); err != nil {
			return err
		}
		if err := d.skipWebhooks(ctx, tx); err != nil {
			return err
		}
		return d.catalog.Load(ctx, tx, snapshot)
	})
}

// errTenants ends a session when webhooks are kept apart otherwise than at its start.
var errTenants = errors.New("another column, or none, says by now which tenant a webhook belongs to")

// divide has the catalog keep tenants apart as the webhooks are. Once that is settled it stays so: errTenants calls for a new start.
func (d *database) divide(ctx context.Context, tx pgx.Tx) error {
	generic, ok := d.catalog.(*mapper.Generic)
	if !ok {
		return nil
	}
	tenancy, err := d.webhooks.FindTenancy(ctx, tx)
	if err != nil {
		return err
	}
	before, divided := generic.Divided()
	switch {
	case !divided && !tenancy.On:
		if err := d.asksForTenants(ctx, tx); err != nil {
			return err
		}
		return generic.Divide(ctx, tx, tenancy)
	case !divided:
		_, column, err := cdc.NotedTenant(ctx, tx, d.cfg.CDC)
		if err != nil {
			return err
		}
		if column != "" {
			generic.Settle()
		}
		return generic.Divide(ctx, tx, tenancy)
	case before == tenancy:
	case !tenancy.On: // by mistake, most likely, and then all would hear of everything
		if !d.lost {
			d.lost = true
			d.log.Error("the column that tells tenants apart is gone: "+
				"webhooks keep the tenants that they had, and the next start will ask",
				"table", before.Table.String(), "column", before.Own, "to_mend_it",
				"HOOKLINE_TENANT_COLUMN names the column, or is none where there are no tenants any more")
		}
	default:
		return errTenants
	}
	return nil
}

// asksForTenants returns a *cdc.Problem where tenants were told apart before, and nobody has said that there are none any more: all webhooks
// would hear of everything.
func (d *database) asksForTenants(ctx context.Context, tx pgx.Tx) error {
	if d.cfg.Webhook.Tenants.Off() {
		return nil
	}
	table, column, err := cdc.NotedTenant(ctx, tx, d.cfg.CDC)
	if err != nil || column == "" {
		return err
	}
	return &cdc.Problem{
		What: fmt.Sprintf("webhooks were kept apart by column %s of table %s, and nothing says any more which tenant a webhook belongs to",
			column, table),
		Mend: fmt.Sprintf("HOOKLINE_TENANT_COLUMN=<column> names the column that does, with %s.%s=<column> where the table of webhooks has "+
			"another than the other tables; HOOKLINE_TENANT_COLUMN=%s says that there are no tenants any more, and all webhooks hear of everything",
			table.Schema, table.Name, mapper.NoTenants),
	}
}

// noteTenancy writes down how webhooks are kept apart, for asksForTenants.
func (d *database) noteTenancy(ctx context.Context, conn *pgx.Conn) error {
	generic, ok := d.catalog.(*mapper.Generic)
	if !ok {
		return nil
	}
	tenancy, _ := generic.Divided()
	if tenancy.Own == "" {
		return nil
	}
	return cdc.NoteTenant(ctx, conn, d.cfg.CDC, tenancy.Table, tenancy.Own)
}

// rememberObjects tells the catalog under which names tables were announced before.
func (d *database) rememberObjects(ctx context.Context, tx pgx.Tx) error {
	generic, ok := d.catalog.(*mapper.Generic)
	if !ok {
		return nil
	}
	noted, err := cdc.NotedObjects(ctx, tx, d.cfg.CDC)
	if err == nil {
		generic.Remember(noted)
	}
	return err
}

// noteObjects writes down under which names tables are announced.
func (d *database) noteObjects(ctx context.Context, conn *pgx.Conn, tables []cdc.Table) error {
	generic, ok := d.catalog.(*mapper.Generic)
	if !ok {
		return nil
	}
	var names []cdc.ObjectName
	for _, o := range generic.NamedObjects(tables) {
		names = append(names, cdc.ObjectName{Table: o.Table, Object: o.Object, Anew: o.Confirmed})
	}
	return cdc.NoteObjects(ctx, conn, d.cfg.CDC, names)
}

// divideAsConfigured has the catalog keep tenants apart as the settings say, where no table of webhooks has told yet.
func (d *database) divideAsConfigured(ctx context.Context, tx pgx.Tx) error {
	generic, ok := d.catalog.(*mapper.Generic)
	if !ok {
		return nil
	}
	if _, divided := generic.Divided(); divided {
		return nil
	}
	return generic.Divide(ctx, tx, d.webhooks.ConfiguredTenancy())
}

// skipWebhooks keeps the tables that webhooks are read from, or were, from being announced: rows with secrets are nothing to announce.
func (d *database) skipWebhooks(ctx context.Context, tx pgx.Tx) error {
	generic, ok := d.catalog.(*mapper.Generic)
	if !ok {
		return nil
	}
	relations, err := cdc.WebhookTables(ctx, tx, d.cfg.CDC)
	if err == nil {
		generic.Skip(d.webhooks.Tables(), append(relations, d.webhooks.Relations()...))
	}
	return err
}

// renewWebhooks reads the webhooks anew, as they are now, since their table is another one. It is for the pump, which follows them.
// latest is the last transaction that it has seen change webhooks, nil for none.
func (d *database) renewWebhooks(ctx context.Context, latest *cdc.Tx) error {
	var over error // the session is, and trying again would not mend that
	err := cdc.Persist(ctx, d.log, func() error {
		err := d.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
			if latest != nil {
				if err := cdc.UntilVisible(ctx, conn, latest); err != nil {
					return err
				}
			}
			return d.inSnapshot(ctx, conn.Conn(), func(tx pgx.Tx) error {
				snapshot, err := cdc.TakeSnapshot(ctx, tx)
				if err != nil {
					return err
				}
				renewed := d.webhooks.Renew(ctx, tx, snapshot)
				if renewed == nil && d.losesTenants() {
					return errTenants
				}
				return errors.Join(renewed, d.divide(ctx, tx), d.skipWebhooks(ctx, tx))
			})
		})
		if errors.Is(err, errTenants) {
			over, err = errTenants, nil
		}
		return err
	})
	if err != nil && ctx.Err() == nil {
		d.log.Error("the webhooks cannot be read anew", "error", err)
		return nil
	}
	return errors.Join(over, err)
}

// losesTenants reports whether tenants are kept apart, and the webhooks that were read last have none: their table is another one. Nobody
// would hear of anything.
func (d *database) losesTenants() bool {
	generic, ok := d.catalog.(*mapper.Generic)
	if !ok {
		return false
	}
	before, _ := generic.Divided()
	return before.On && !d.webhooks.Tenancy().On
}

// inSnapshot calls f with a transaction that reads one state of the database, in which no table that webhooks or catalog come from is
// being rewritten.
func (d *database) inSnapshot(ctx context.Context, conn *pgx.Conn, f func(pgx.Tx) error) error {
	look := cdc.Reading{Tables: d.catalog.Describing(), More: d.ofWebhooks, Tries: d.tries, Log: d.log}
	return d.permitted(conn, look.Do(ctx, conn, f))
}

// ofWebhooks returns the tables of webhooks, none while they cannot be found: why, whoever reads them is told.
func (d *database) ofWebhooks(ctx context.Context, tx pgx.Tx) ([]cdc.Table, error) {
	tables, err := d.webhooks.Find(ctx, tx)
	if _, ok := errors.AsType[*cdc.Problem](err); ok {
		return nil, nil
	}
	return tables, err
}

// permitted adds the way out to an error that says that the role lacks a right.
func (d *database) permitted(conn *pgx.Conn, err error) error {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || refused.Code != insufficientPrivilege {
		return err
	}
	role := pgx.Identifier{conn.Config().User}.Sanitize()
	if cdc.IsHidden(err) {
		return &cdc.Problem{
			What: fmt.Sprintf("row-level security may hide rows from role %s: %s", role, err),
			Mend: fmt.Sprintf("as a superuser: ALTER ROLE %s BYPASSRLS;", role),
		}
	}
	return &cdc.Problem{
		What: err.Error(),
		Mend: fmt.Sprintf("as the owner or a superuser, for the schema it names: GRANT USAGE ON SCHEMA … TO %s; "+
			"GRANT SELECT ON ALL TABLES IN SCHEMA … TO %[1]s;", role),
	}
}

// script returns the SQL that prepare would run, for someone with more rights to run it.
func (d *database) script(ctx context.Context) (sql []string, err error) {
	store, err := openSpool(ctx, d.cfg)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	checkpoint, err := store.LoadCheckpoint(ctx, d.cfg.CDC.Slot)
	if err != nil {
		return nil, err
	}
	var checkpoints cdc.Checkpoints // in a gap the SQL is for a new beginning
	if checkpoint == nil {
		checkpoints = store
	}
	err = d.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		own, err := d.hasSchema(ctx, conn.Conn())
		if err != nil {
			return err
		}
		schema := d.cfg.Webhook.Schema
		role := pgx.Identifier{conn.Conn().Config().User}.Sanitize()
		if !own {
			sql = append(sql, strings.TrimSuffix(strings.TrimSpace(webhook.SchemaSQL(schema)), ";"))
		}
		older, err := d.older(ctx, conn.Conn())
		if err != nil {
			return err
		}
		for _, update := range older {
			sql = append(sql, update.sql)
		}
		tables, err := d.tables(ctx, conn.Conn())
		if _, ok := errors.AsType[*webhook.NoTable](err); ok && !own {
			tables, err = d.records(ctx, conn.Conn()) // the SQL makes the table of webhooks that is missing
		}
		if err != nil {
			return err
		}
		plan, err := cdc.NewPlan(ctx, conn.Conn(), d.cfg.CDC, tables, checkpoints)
		if err != nil {
			return err
		}
		sql = append(sql, plan.SQL()...)
		if !own {
			sql = append(sql, fmt.Sprintf("ALTER PUBLICATION %s ADD TABLE ONLY %s", pgx.Identifier{d.cfg.CDC.Publication}.Sanitize(),
				pgx.Identifier{schema, "webhook"}.Sanitize()))
		}
		if !own || plan.Makes {
			sql = append(sql, fmt.Sprintf("GRANT USAGE, CREATE ON SCHEMA %s TO %s", pgx.Identifier{schema}.Sanitize(), role),
				fmt.Sprintf("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %s TO %s", pgx.Identifier{schema}.Sanitize(), role))
		}
		d.tellSkipped(slices.DeleteFunc(plan.Skipped, func(s cdc.Skipped) bool { return s.Reason.ForOthers() })) // it is in the SQL
		return nil
	})
	return sql, err
}

// tellSkipped tells once of each table that is not as it should be, and again when that is over or has
// another reason.
func (d *database) tellSkipped(list []cdc.Skipped) {
	now := map[string]cdc.SkipReason{}
	for _, s := range list {
		now[s.Name()] = s.Reason
		if d.told[s.Name()] == s.Reason {
			continue
		}
		message := "a table is left out"
		if s.Published {
			message = "a table tells less than it could"
		}
		if s.Harms {
			message = "a table that is published makes the CRM's own updates and deletes fail"
		}
		d.log.Warn(message, "table", s.Name(), "reason", s.Why, "to_mend_it", s.Mend, "sql", strings.Join(s.SQL, "; "))
	}
	for name := range d.told {
		if _, still := now[name]; !still {
			d.log.Info("a table is no longer left out", "table", name)
		}
	}
	d.told = now
}
