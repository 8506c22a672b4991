package crm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/config"
	"hookline/internal/pg"
	"hookline/mapper"
	"hookline/mapper/profile"
	"hookline/spool"
	"hookline/webhook"
)

// Database is what is known of the CRM's database beside its stream: what its tables hold, and who
// wants to hear of them.
type Database struct {
	Config   config.Config
	Log      *slog.Logger
	Pool     *pgxpool.Pool
	Catalog  mapper.Catalog
	Webhooks *webhook.Registry
	Tries    int // for tables that somebody locks; 0: as long as it takes

	lost bool                      // it has been told that tenants can no longer be told apart
	told map[string]cdc.SkipReason // tables that are not as they should be, and why
}

// FewTries is Database.Tries of a command that is asked how things stand.
const FewTries = 3

// New returns the database that pool leads to, of which nothing is known yet: see Detect.
func New(cfg config.Config, log *slog.Logger, pool *pgxpool.Pool) *Database {
	return &Database{Config: cfg, Log: log, Pool: pool, told: map[string]cdc.SkipReason{}}
}

// Open connects, checks that the server can stream, and finds out what kind of database it is.
func Open(ctx context.Context, cfg config.Config, log *slog.Logger,
	metrics prometheus.Registerer,
) (*Database, error) {
	poolConfig, err := pg.PoolConfig(cfg.CDC.URL, 4)
	if err != nil {
		return nil, fmt.Errorf("HOOKLINE_DATABASE_URL: %w", err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, poolConfig)
	if err != nil {
		return nil, fmt.Errorf("HOOKLINE_DATABASE_URL: %w", err)
	}
	d := New(cfg, log, pool)
	if err := d.preflight(ctx, metrics); err != nil {
		pool.Close()
		if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
			err = fmt.Errorf("HOOKLINE_DATABASE_URL: %w", err)
		}
		return nil, err
	}
	return d, nil
}

// Close waits for what has been asked, and closes the connections.
func (d *Database) Close() { d.Pool.Close() }

// OnSkipped has f called when the catalog leaves out a table that it announced before. f must not
// wait.
func (d *Database) OnSkipped(f func()) {
	if selective, ok := d.Catalog.(mapper.Selective); ok {
		selective.OnSkipped(f)
	}
}

func (d *Database) preflight(ctx context.Context, metrics prometheus.Registerer) error {
	return d.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		if err := cdc.Preflight(ctx, conn.Conn()); err != nil {
			return err
		}
		return d.Detect(ctx, conn.Conn(), metrics)
	})
}

// Detect finds out what kind of database it is.
func (d *Database) Detect(ctx context.Context, conn *pgx.Conn,
	metrics prometheus.Registerer,
) (err error) {
	name := d.Config.Mapper.Profile
	if name == "" || name == "auto" {
		if name, err = profile.Detect(ctx, conn); err != nil {
			return err
		}
	}
	d.Log.Info("database found", "profile", name)
	records := d.Config.Mapper
	records.HoldsWebhooks = webhook.LooksLike
	if d.Catalog, err = profile.New(name, records, d.Pool, d.Log); err != nil {
		return err
	}
	webhooks := d.Config.Webhook
	if webhooks.Profile = "generic"; name == "twenty" {
		webhooks.Profile = name
	}
	d.Webhooks, err = webhook.Open(webhooks, d.Log, metrics)
	return err
}

// Prepare makes the database ready to be streamed: Hookline's own tables, replica identities,
// publication, slot.
func (d *Database) Prepare(ctx context.Context, store *spool.Spool) error {
	if err := PrepareSpool(ctx, store, d.Log); err != nil {
		return err
	}
	return d.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		return cdc.WithPrepareLock(ctx, conn.Conn(), func() error {
			_, err := d.PrepareOn(ctx, conn.Conn(), store)
			return err
		})
	})
}

// PrepareOn is Prepare for who has the turn, and returns the plan that was applied. Without
// checkpoints, nil, the database is prepared as if nothing had been announced before.
func (d *Database) PrepareOn(ctx context.Context, conn *pgx.Conn,
	checkpoints cdc.Checkpoints,
) (*cdc.Plan, error) {
	if err := d.makeSchema(ctx, conn); err != nil {
		return nil, err
	}
	tables, err := d.Tables(ctx, conn)
	if _, ok := errors.AsType[*cdc.Problem](err); ok {
		// A table that webhooks came from may be published as before, and make the CRM's own statements
		// fail.
		return nil, errors.Join(err, cdc.WithdrawHarmful(ctx, conn, d.Config.CDC, d.Log))
	}
	if err != nil {
		return nil, err
	}
	plan, err := cdc.Prepare(ctx, conn, d.Config.CDC, tables, checkpoints, d.Log)
	if err != nil {
		return nil, err
	}
	d.tellSkipped(plan.Skipped)
	err = errors.Join(d.noteTenancy(ctx, conn), d.noteObjects(ctx, conn, tables))
	if !d.Config.CDC.Standby { // or whoever has the slot, and was told no name, would not be let go on
		err = errors.Join(err, cdc.NoteEnvironment(ctx, conn, d.Config.CDC))
		if checkpoints != nil {
			err = errors.Join(err, cdc.NoteSpool(ctx, conn, d.Config.CDC, checkpoints))
		}
	}
	return plan, err
}

// Tables returns what has to be published.
func (d *Database) Tables(ctx context.Context, conn *pgx.Conn) (tables []cdc.Table, err error) {
	err = d.inSnapshot(ctx, conn, func(tx pgx.Tx) error {
		if tables, err = d.Webhooks.Find(ctx, tx); err != nil {
			return err
		}
		if err := d.divide(ctx, tx); err != nil {
			return err
		}
		if selective, ok := d.Catalog.(mapper.Selective); ok {
			selective.Skip(tables, nil) // so that it does not say that they are left out
		}
		if err := d.rememberObjects(ctx, tx); err != nil {
			return err
		}
		ofWebhooks := map[string]bool{}
		for _, t := range tables {
			ofWebhooks[t.String()] = true
		}
		records, err := d.Catalog.Tables(ctx, tx)
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
func (d *Database) records(ctx context.Context, conn *pgx.Conn) (tables []cdc.Table, err error) {
	err = d.inSnapshot(ctx, conn, func(tx pgx.Tx) error {
		if err := d.divideAsConfigured(ctx, tx); err != nil {
			return err
		}
		if err := d.rememberObjects(ctx, tx); err != nil {
			return err
		}
		tables, err = d.Catalog.Tables(ctx, tx)
		return err
	})
	return tables, err
}

// Load reads catalog and webhooks as they are now. Call it once the slot is held: whatever the
// stream brings later than the snapshot is then followed, and what the snapshot has already is
// passed over.
func (d *Database) Load(ctx context.Context) error {
	return d.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error { return d.Read(ctx, conn.Conn()) })
}

func (d *Database) Read(ctx context.Context, conn *pgx.Conn) error {
	return d.inSnapshot(ctx, conn, func(tx pgx.Tx) error {
		snapshot, err := cdc.TakeSnapshot(ctx, tx)
		if err != nil {
			return err
		}
		if err := d.Webhooks.Load(ctx, tx, snapshot); err != nil {
			return err
		}
		if err := d.divide(ctx, tx); err != nil {
			return err
		}
		if err := d.skipWebhooks(ctx, tx); err != nil {
			return err
		}
		return d.Catalog.Load(ctx, tx, snapshot)
	})
}

// rememberObjects tells the catalog under which names tables were announced before.
func (d *Database) rememberObjects(ctx context.Context, tx pgx.Tx) error {
	naming, ok := d.Catalog.(mapper.Naming)
	if !ok {
		return nil
	}
	noted, err := cdc.NotedObjects(ctx, tx, d.Config.CDC)
	if err == nil {
		naming.Remember(noted)
	}
	return err
}

// noteObjects writes down under which names tables are announced.
func (d *Database) noteObjects(ctx context.Context, conn *pgx.Conn, tables []cdc.Table) error {
	naming, ok := d.Catalog.(mapper.Naming)
	if !ok {
		return nil
	}
	var names []cdc.ObjectName
	for _, o := range naming.NamedObjects(tables) {
		names = append(names, cdc.ObjectName{Table: o.Table, Object: o.Object, Anew: o.Confirmed})
	}
	return cdc.NoteObjects(ctx, conn, d.Config.CDC, names)
}

// skipWebhooks keeps the tables that webhooks are read from, or were, from being announced: rows
// with secrets are nothing to announce.
func (d *Database) skipWebhooks(ctx context.Context, tx pgx.Tx) error {
	selective, ok := d.Catalog.(mapper.Selective)
	if !ok {
		return nil
	}
	relations, err := cdc.WebhookTables(ctx, tx, d.Config.CDC)
	if err == nil {
		selective.Skip(d.Webhooks.Tables(), append(relations, d.Webhooks.Relations()...))
	}
	return err
}

// RenewWebhooks reads the webhooks anew, as they are now, since their table is another one, or the
// stream does not have all of it. It is for the pump, which follows them.
// latest is the last transaction that it has seen change webhooks, nil for none.
func (d *Database) RenewWebhooks(ctx context.Context, latest *cdc.Tx) error {
	var over error // the session is, and trying again would not mend that
	err := cdc.Retry(ctx, d.Log, func() error {
		err := d.renewSince(ctx, latest, func(tx pgx.Tx, renewed error) error {
			if renewed == nil && d.losesTenants() {
				return ErrTenants
			}
			return errors.Join(renewed, d.divide(ctx, tx), d.skipWebhooks(ctx, tx))
		})
		if errors.Is(err, ErrTenants) {
			over, err = ErrTenants, nil
		}
		return err
	})
	if err != nil && ctx.Err() == nil {
		d.Log.Error("the webhooks cannot be read anew", "error", err)
		return nil
	}
	return errors.Join(over, err)
}

// renewSince reads the webhooks anew once a transaction is visible, which may be nil, and calls f
// with what became of that, in the state of the database in which they were read.
func (d *Database) renewSince(
	ctx context.Context, latest *cdc.Tx, f func(tx pgx.Tx, renewed error) error,
) error {
	return d.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
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
			return f(tx, d.Webhooks.Renew(ctx, tx, snapshot))
		})
	})
}

// inSnapshot calls f with a transaction that reads one state of the database, in which no table
// that webhooks or catalog come from is being rewritten.
func (d *Database) inSnapshot(ctx context.Context, conn *pgx.Conn, f func(pgx.Tx) error) error {
	reading := cdc.ConsistentRead{
		Tables: d.Catalog.Describing(), Also: d.ofWebhooks, Tries: d.Tries, Log: d.Log,
	}
	return d.Permitted(conn, reading.Do(ctx, conn, f))
}

// ofWebhooks returns the tables of webhooks, none while they cannot be found: why, whoever reads
// them is told.
func (d *Database) ofWebhooks(ctx context.Context, tx pgx.Tx) ([]cdc.Table, error) {
	tables, err := d.Webhooks.Find(ctx, tx)
	if _, ok := errors.AsType[*cdc.Problem](err); ok {
		return nil, nil
	}
	return tables, err
}

// Permitted adds the way out to an error that says that the role lacks a right.
func (d *Database) Permitted(conn *pgx.Conn, err error) error {
	if !pg.Is(err, pg.InsufficientPrivilege) {
		return err
	}
	role := pg.Identifier(conn.Config().User)
	if pg.IsRowSecurity(err) {
		return &cdc.Problem{
			What: fmt.Sprintf("row-level security may hide rows from role %s: %s", role, err),
			Hint: fmt.Sprintf("as a superuser: ALTER ROLE %s BYPASSRLS;", role),
		}
	}
	return &cdc.Problem{
		What: err.Error(),
		Hint: fmt.Sprintf("as the owner or a superuser, for the schema it names: "+
			"GRANT USAGE ON SCHEMA … TO %s; "+
			"GRANT SELECT ON ALL TABLES IN SCHEMA … TO %[1]s;", role),
	}
}

// tellSkipped tells once of each table that is not as it should be, and again when that is over or
// has another reason.
func (d *Database) tellSkipped(list []cdc.Skipped) {
	now := map[string]cdc.SkipReason{}
	for _, s := range list {
		now[s.Name()] = s.Reason
		if d.told[s.Name()] == s.Reason {
			continue
		}
		message := "a table is left out"
		switch {
		case s.Listed:
			message = "the publication lists a table that is not announced"
		case s.Published:
			message = "a table tells less than it could"
		}
		if s.Harms {
			message = "a table that is published makes the CRM's own updates and deletes fail"
		}
		d.Log.Warn(message, "table", s.Name(), "reason", s.Why, "to_mend_it", s.Hint, "sql",
			strings.Join(s.SQL, "; "))
	}
	for name := range d.told {
		if _, still := now[name]; !still {
			d.Log.Info("a table is no longer left out", "table", name)
		}
	}
	d.told = now
}

// Undecided says what becomes of what cannot be decided on.
func Undecided(told bool) string {
	if told {
		return "told"
	}
	return "not told"
}

// ReadWebhooks reads the webhooks alone, as they are once a transaction is visible, which may be
// nil. It is for who does not follow the stream. Only one call at a time.
func (d *Database) ReadWebhooks(ctx context.Context, latest *cdc.Tx) error {
	return d.renewSince(ctx, latest, func(_ pgx.Tx, renewed error) error { return renewed })
}
