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

	"hookline/internal/pg"
)

const (
	// lockTimeout is the longest wait for one lock of a step: while it waits, the CRM's own statements
	// wait behind it.
	lockTimeout = time.Second
	// lockBudget is the longest that one Apply spends on locks that are not to be had. Then it takes
	// those that are free at once.
	lockBudget  = 5 * time.Second
	lockMinimum = 50 * time.Millisecond
	// lockTries is how often a lock is waited for where nothing can be streamed without it.
	lockTries = 5
)

// Apply takes the plan's steps, one by one. What cannot be done to one table now is added to
// Skipped, and holds up nothing else. The error is a Problems when the role has no right to what is
// needed to stream at all; where there is no slot yet, nothing was done then.
func (p *Plan) Apply(ctx context.Context, conn *pgx.Conn, log *slog.Logger) error {
	impossible := p.checkRights()
	if impossible != nil && !p.scan.slot {
		return impossible
	}
	a := applier{Plan: p, conn: conn, log: log, lockBudget: lockBudget, failed: map[Table]bool{}}
	defer pg.ResetLockTimeout(ctx, conn)
	defer func() {
		if a.watch != nil {
			_ = a.watch.Close(context.WithoutCancel(ctx))
		}
	}()
	for i := range p.Steps {
		a.step = i + 1
		if err := a.runStep(ctx, &p.Steps[i]); err != nil {
			return err
		}
	}
	return errors.Join(impossible, a.followError)
}

// applier is a plan that is being applied.
type applier struct {
	*Plan
	conn       *pgx.Conn
	log        *slog.Logger
	lockBudget time.Duration  // of lockPatience
	failed     map[Table]bool // tables of which a step has failed
	step       int            // which step it is

	followError error // why a table that has to be followed is not
	yielded     bool  // the last step did, to somebody who waited for it

	watch *pgx.Conn // for giveWay; nil until it is needed
}

// runStep runs a step, or notes why not.
func (a *applier) runStep(ctx context.Context, s *Step) error {
	needs := s.Table
	if s.backfills() {
		needs = a.cfg.own(backfillTable) // through which the rows go
	}
	if s.Lacks != 0 || s.needsIdentity && a.failed[s.Table] || s.backfills() && a.failed[needs] {
		if a.failed[s.Table] = true; s.backfills() && s.Lacks == 0 && a.failed[needs] {
			a.skip(Skipped{
				Table: s.Table, Reason: NotOwned, Why: fmt.Sprintf("the rows that it has go through %s, "+
					"which is not published", needs),
				Hint: "as a superuser: what `hookline setup --print-sql` prints",
			})
		}
		return nil
	}
	if s.required() && a.followError != nil {
		return a.followError
	}
	a.log.Info("preparing the database", "sql", firstLine(s.SQL), "step", a.step, "of", len(a.Steps))
	err := a.runWithRetry(ctx, s)
	if pg.Is(err, pg.QueryCanceled) && s.fallbackSQL != "" && !a.yielded {
		a.log.Warn("the table is too large to be compared with the one whose name it has taken: rows "+
			"that were deleted since are not announced",
			"table", s.Table.String(), "at_most", compareLimit)
		simpler := *s
		simpler.SQL, simpler.fallbackSQL = s.fallbackSQL, ""
		err = a.runWithRetry(ctx, &simpler)
	}
	if err == nil {
		if s.Kind == MakeBaseline && a.scan.slot {
			a.log.Warn("what was known of tables is gone: all that there are count as announced, and "+
				"rows of those that are new are not",
				"table", a.cfg.own(knownTable).String(), "slot", a.cfg.Slot)
		}
		if s.publishes() {
			a.published(s.Table)
			a.Refollowed = a.Refollowed || s.Kind == Publish && s.follows()
		}
		if s.Kind == SetPublication && a.scan.selective {
			a.log.Warn("the publication had some kinds of changes only: others that were committed "+
				"meanwhile are not announced", "publication", a.cfg.Publication)
		}
		if s.Kind == Publish && a.scan.slot && s.table.known && s.Table.Schema != a.cfg.Schema {
			a.log.Warn("the publication did not have the table: changes that were committed meanwhile are "+
				"not announced", "table", s.Table.String(), "publication", a.cfg.Publication)
		}
		if s.Kind == Widen {
			a.log.Warn("the publication had a part of the table only: changes that this has left out are "+
				"not announced",
				"table", s.Table.String(), "reason", s.table.narrowed)
			a.Refollowed = a.Refollowed || s.follows()
		}
		return nil
	}
	refused := pg.Refused(err)
	if s.Kind == MakeSchema && pg.Is(err, pg.InsufficientPrivilege) {
		return &Problem{
			What: "the role may not make Hookline's own tables, or bring them up to date: " +
				refused.Message,
			Hint: "as a superuser: what `hookline setup --print-sql` prints",
		}
	}
	if refused == nil || a.conn.IsClosed() || s.required() || ctx.Err() != nil {
		return fmt.Errorf("%s: %w", firstLine(s.SQL), err)
	}
	a.failed[s.Table] = true
	if pg.IsTableGone(err) {
		a.gone = true
		return nil
	}
	why, err := a.explain(ctx, s, refused)
	if err == nil && s.reads() && !why.Published {
		// by the first of its transactions
		if why.Published, err = a.isPublished(ctx, s.Table); why.Published {
			a.published(s.Table)
		}
	}
	if err != nil {
		return err
	}
	if s.follows() {
		a.followError = &Problem{What: why.String(), Hint: why.Hint}
	}
	a.skip(why)
	return nil
}

// published notes of a table that was skipped for its replica identity alone that it is announced.
func (a *applier) published(t Table) {
	for i := range a.Skipped {
		if a.Skipped[i].Table == t {
			a.Skipped[i].Published = true
		}
	}
}

// runWithRetry runs a step. One that everything waits for yields to a lock for a while and comes
// back, a few times.
func (a *applier) runWithRetry(ctx context.Context, s *Step) error {
	for try := 1; ; try++ {
		err := a.run(ctx, s)
		if !isLocked(err) || !s.required() && !s.follows() || try == lockTries {
			return err
		}
		a.log.Warn("the table is locked, trying again", "sql", firstLine(s.SQL), "attempt", try)
		select {
		case <-time.After(time.Duration(try) * time.Second):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func isLocked(err error) bool { return pg.Is(err, pg.LockNotAvailable) }

// run runs one statement. The connection is outside any transaction afterwards.
func (a *applier) run(ctx context.Context, s *Step) error {
	if s.Kind == MakeSlot { // which waits for transactions, not for a table
		return a.makeSlot(ctx, s.SQL)
	}
	limit := min(lockTimeout, max(a.lockBudget, lockMinimum))
	switch {
	case s.required(), s.follows():
		limit = lockTimeout
	case a.failed[s.Table]: // it was locked a moment ago
		limit = lockMinimum
	}
	if _, err := a.conn.Exec(ctx, fmt.Sprintf("SET lock_timeout = %d",
		limit.Milliseconds())); err != nil {
		return err
	}
	a.yielded = false
	stop := func() bool { return false }
	if s.reads() {
		if a.watch == nil {
			var err error
			if a.watch, err = pgx.ConnectConfig(ctx, a.conn.Config()); err != nil {
				a.yielded = true // beforehand, as nobody would notice
				return fmt.Errorf("open a connection that looks who waits: %w", err)
			}
		}
		progress := newBackfillProgress(ctx, a.watch, a.log, a.cfg.own(backfillTable), s.Table)
		stop = yieldLock(ctx, a.conn, a.watch, s.keepaliveSQL, progress)
	}
	err := a.exec(ctx, s)
	a.yielded = stop() && err != nil
	if err := rollback(ctx, a.conn); err != nil {
		return err
	}
	if isLocked(err) {
		if a.lockBudget -= limit; s.keepaliveSQL != "" { // whoever writes to the table holds the WAL, too
			return errors.Join(err, sendKeepalive(ctx, a.conn, s.keepaliveSQL))
		}
	}
	return err
}

// exec sends the statements of a step.
func (a *applier) exec(ctx context.Context, s *Step) error {
	if s.defines() {
		return pg.ExecDDL(ctx, a.conn, s.SQL)
	}
	if s.backfills() {
		if err := pg.LearnDatabasePath(ctx, a.conn); err != nil {
			return err
		}
	}
	_, err := a.conn.Exec(ctx, s.SQL)
	return err
}

// rollback ends the transaction in which a statement that is several of them has failed.
func rollback(ctx context.Context, conn *pgx.Conn) error {
	if conn.PgConn().TxStatus() == 'I' || conn.IsClosed() {
		return nil
	}
	_, err := conn.Exec(ctx, "ROLLBACK")
	return err
}

// sendKeepalive runs what says that rows are still to be read. The server may refuse: the table is
// gone by then.
func sendKeepalive(ctx context.Context, conn *pgx.Conn, sql string) error {
	_, err := conn.Exec(ctx, sql)
	if pg.Refused(err) != nil {
		err = nil
	}
	return errors.Join(err, rollback(ctx, conn))
}

// explain tells why the server has refused a step.
func (a *applier) explain(ctx context.Context, s *Step, refused *pgconn.PgError) (Skipped, error) {
	if a.yielded {
		return Skipped{
			Table: s.Table, Part: s.Part, Reason: Locked, Published: s.table.listed,
			Why:  "its rows were read to be announced, which has given way to a statement that alters it",
			Hint: "wait until that is over; it is tried again",
		}, nil
	}
	if isLocked(refused) {
		return a.blocked(ctx, a.conn, s)
	}
	return Skipped{
		// SQLSTATE and message hold no rows
		Table:     s.Table,
		Part:      s.Part,
		Reason:    Refused,
		Published: s.table != nil && s.table.listed,
		Why: fmt.Sprintf("the server refuses to %s: %s (SQLSTATE %s)", s.Kind, refused.Message,
			refused.Code),
		Hint: "what the message names; it is tried again",
		SQL:  nil,
	}, nil
}

// isPublished asks whether the publication lists a table by now.
func (a *applier) isPublished(ctx context.Context, t Table) (is bool, err error) {
	err = a.conn.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
		WHERE p.pubname = $1 AND r.prrelid = to_regclass($2))`,
		a.cfg.Publication, t.String()).Scan(&is)
	if err != nil {
		return false, fmt.Errorf("look whether %s is published: %w", t, err)
	}
	return is, nil
}

// Pending reports whether something was left that may be done at another try although the catalogs
// look the same by then.
func (p *Plan) Pending() bool {
	return p.gone || slices.ContainsFunc(p.Skipped, func(s Skipped) bool { return s.Reason.passes() })
}

// firstLine is what logs and errors tell of a statement.
func firstLine(sql string) string {
	line, _, _ := strings.Cut(sql, "\n")
	return line
}

// planTries is how often Prepare plans anew because tables have gone while it was at work.
const planTries = 5

// Prepare plans and applies in one go. It fails only where nothing could be streamed at all:
// without slot or publication. Processes that start at the same time must take turns.
func Prepare(
	ctx context.Context, conn *pgx.Conn, cfg Config, tables []Table, checkpoints Checkpoints,
	log *slog.Logger,
) (p *Plan, err error) {
	refollowed := false
	for try := 1; ; try++ {
		if p, err = NewPlan(ctx, conn, cfg, tables, checkpoints); err != nil {
			return nil, err
		}
		err = p.Apply(ctx, conn, log)
		refollowed = refollowed || p.Refollowed
		p.Refollowed = refollowed
		if err != nil || !p.gone || try == planTries {
			return p, err
		}
	}
}

// WithdrawHarmful takes out of the publication what makes the CRM's own updates and deletes fail,
// and does nothing else: for a database that cannot be prepared otherwise.
func WithdrawHarmful(ctx context.Context, conn *pgx.Conn, cfg Config, log *slog.Logger) error {
	p, err := planOf(ctx, conn, cfg, nil)
	if err != nil || p == nil {
		return err
	}
	p.Steps, p.Skipped = nil, nil
	for i := range p.scan.tables {
		switch t := &p.scan.tables[i]; {
		case !t.direct:
		case !t.usable(p.scan.stored):
			p.withdraw(t)
		case t.narrowed == columnList:
			p.widen(t)
		}
	}
	if p.Ready() {
		return nil
	}
	return p.Apply(ctx, conn, log)
}

// maxIdle is how long a process that has its turn may leave its session idle. One that is frozen
// would keep all others from taking over for as long as the server does not notice.
const maxIdle = "20s"

// WithPrepareLock calls f, which works on conn and never leaves it idle for long, while no other
// process that prepares the database does so. When it does leave it idle, the server ends the
// session, and the turn with it.
//
// https://www.postgresql.org/docs/current/runtime-config-client.html
func WithPrepareLock(ctx context.Context, conn *pgx.Conn, f func() error) error {
	const setBoth = "SELECT set_config('idle_session_timeout', $1, false), " +
		"set_config('idle_in_transaction_session_timeout', $2, false)"
	var session, transaction string
	err := conn.QueryRow(ctx, "SELECT current_setting('idle_session_timeout'), "+
		"current_setting('idle_in_transaction_session_timeout')").Scan(&session, &transaction)
	if err != nil {
		return fmt.Errorf("ask for limits of the session: %w", err)
	}
	if _, err := conn.Exec(ctx, setBoth, maxIdle, maxIdle); err != nil {
		return fmt.Errorf("limit the session: %w", err)
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), setBoth, session, transaction) }()
	return WithPrepareLockIdle(ctx, conn, f)
}

// WithPrepareLockIdle is WithPrepareLock for a command, whose f may leave conn idle.
func WithPrepareLockIdle(ctx context.Context, conn *pgx.Conn, f func() error) error {
	const lock = "hashtextextended('hookline', 0)"
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock("+lock+")"); err != nil {
		return fmt.Errorf("wait for other processes that prepare the database: %w", err)
	}
	defer func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock("+lock+")")
	}()
	return f()
}
