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

const (
	// lockTimeout is the longest wait for one lock of a step: while it waits, the CRM's own statements
	// wait behind it.
	lockTimeout = time.Second
	// lockPatience is the longest that one Apply spends on locks that are not to be had. Then it takes
	// those that are free at once.
	lockPatience = 5 * time.Second
	lockGlance   = 50 * time.Millisecond
	// lockTries is how often a lock is waited for where nothing can be streamed without it.
	lockTries = 5
)

// Apply takes the plan's steps, one by one. What cannot be done to one table now is added to Skipped,
// and holds up nothing else. The error is a Problems when the role has no right to what is needed to
// stream at all; where there is no slot yet, nothing was done then.
func (p *Plan) Apply(ctx context.Context, conn *pgx.Conn, log *slog.Logger) error {
	impossible := p.impossible()
	if impossible != nil && !p.found.slot {
		return impossible
	}
	a := application{Plan: p, conn: conn, log: log, left: lockPatience, failed: map[Table]bool{}}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "RESET lock_timeout") }()
	defer func() {
		if a.watch != nil {
			_ = a.watch.Close(context.WithoutCancel(ctx))
		}
	}()
	for i := range p.Steps {
		if err := a.take(ctx, &p.Steps[i]); err != nil {
			return err
		}
	}
	return errors.Join(impossible, a.unfollowed)
}

// application is a plan that is being applied.
type application struct {
	*Plan
	conn   *pgx.Conn
	log    *slog.Logger
	left   time.Duration  // of lockPatience
	failed map[Table]bool // tables of which a step has failed

	unfollowed error // why a table that has to be followed is not
	gaveWay    bool  // the last step did, to somebody who waited for it

	watch *pgx.Conn // for giveWay; nil until it is needed
}

// take takes a step, or notes why not.
func (a *application) take(ctx context.Context, s *Step) error {
	needs := s.Table
	if s.fills() {
		needs = a.cfg.own(backfillTable) // through which the rows go
	}
	if s.Lacks != 0 || s.after && a.failed[s.Table] || s.fills() && a.failed[needs] {
		if a.failed[s.Table] = true; s.fills() && s.Lacks == 0 && a.failed[needs] {
			a.skip(Skipped{
				Table: s.Table, Reason: NotOwned, Why: fmt.Sprintf("the rows that it has go through %s, which is not published", needs),
				Mend: "as a superuser: what `hookline setup --print-sql` prints",
			})
		}
		return nil
	}
	if s.vital() && a.unfollowed != nil {
		return a.unfollowed
	}
	a.log.Info("preparing the database", "sql", firstLine(s.SQL))
	err := a.insist(ctx, s)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == queryCanceled && s.less != "" && !a.gaveWay {
		a.log.Warn("the table is too large to be compared with the one whose name it has taken: rows that were deleted since are not announced",
			"table", s.Table.String(), "limit", compareLimit)
		simpler := *s
		simpler.SQL, simpler.less = s.less, ""
		err = a.insist(ctx, &simpler)
	}
	if err == nil {
		if s.Kind == MakeBaseline && a.found.slot {
			a.log.Warn("what was known of tables is gone: all that there are count as announced, and rows of those that are new are not",
				"table", a.cfg.own(knownTable).String(), "slot", a.cfg.Slot)
		}
		if s.publishes() {
			a.published(s.Table)
			a.Refollowed = a.Refollowed || s.Kind == Publish && s.follows()
		}
		if s.Kind == Widen {
			a.log.Warn("the publication had a part of the table only: changes that this has left out are not announced",
				"table", s.Table.String(), "by", s.table.narrowed)
			a.Refollowed = a.Refollowed || s.follows()
		}
		return nil
	}
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if ok && s.Kind == MakeSchema && refused.Code == insufficientPrivilege {
		return &Problem{
			What: "the role may not make Hookline's own tables, or bring them up to date: " + refused.Message,
			Mend: "as a superuser: what `hookline setup --print-sql` prints",
		}
	}
	if !ok || a.conn.IsClosed() || s.vital() || ctx.Err() != nil {
		return fmt.Errorf("%s: %w", firstLine(s.SQL), err)
	}
	a.failed[s.Table] = true
	if slices.Contains(tableGone, refused.Code) {
		a.gone = true
		return nil
	}
	why, err := a.explain(ctx, s, refused)
	if err == nil && s.reads() && !why.Published {
		if why.Published, err = a.isPublished(ctx, s.Table); why.Published { // by the first of its transactions
			a.published(s.Table)
		}
	}
	if err != nil {
		return err
	}
	if s.follows() {
		a.unfollowed = &Problem{What: why.String(), Mend: why.Mend}
	}
	a.skip(why)
	return nil
}

// published notes of a table that was skipped for its replica identity alone that it is announced.
func (a *application) published(t Table) {
	for i := range a.Skipped {
		if a.Skipped[i].Table == t {
			a.Skipped[i].Published = true
		}
	}
}

// insist runs a step. One that everything waits for gives way to a lock for a while and comes back, a few
// times.
func (a *application) insist(ctx context.Context, s *Step) error {
	for try := 1; ; try++ {
		err := a.run(ctx, s)
		if !isLocked(err) || !s.vital() && !s.follows() || try == lockTries {
			return err
		}
		a.log.Warn("the table is locked, trying again", "sql", firstLine(s.SQL), "try", try)
		select {
		case <-time.After(time.Duration(try) * time.Second):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func isLocked(err error) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	return ok && refused.Code == lockNotAvailable
}

// run runs one statement. The connection is outside any transaction afterwards.
func (a *application) run(ctx context.Context, s *Step) error {
	if s.Kind == MakeSlot { // which waits for transactions, not for a table
		return a.makeSlot(ctx, s.SQL)
	}
	limit := min(lockTimeout, max(a.left, lockGlance))
	switch {
	case s.vital(), s.follows():
		limit = lockTimeout
	case a.failed[s.Table]: // it was locked a moment ago
		limit = lockGlance
	}
	if _, err := a.conn.Exec(ctx, fmt.Sprintf("SET lock_timeout = %d", limit.Milliseconds())); err != nil {
		return err
	}
	a.gaveWay = false
	stop := func() bool { return false }
	if s.reads() {
		if a.watch == nil {
			var err error
			if a.watch, err = pgx.ConnectConfig(ctx, a.conn.Config()); err != nil {
				a.gaveWay = true // beforehand, as nobody would notice
				return fmt.Errorf("open a connection that looks who waits: %w", err)
			}
		}
		stop = giveWay(ctx, a.conn, a.watch, s.keep)
	}
	_, err := a.conn.Exec(ctx, s.SQL)
	a.gaveWay = stop() && err != nil
	if err := rollback(ctx, a.conn); err != nil {
		return err
	}
	if isLocked(err) {
		if a.left -= limit; s.keep != "" { // whoever writes to the table holds the WAL, too
			return errors.Join(err, say(ctx, a.conn, s.keep))
		}
	}
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

// say runs what says that rows are still to be read. The server may refuse: the table is gone by then.
func say(ctx context.Context, conn *pgx.Conn, sql string) error {
	_, err := conn.Exec(ctx, sql)
	if _, refused := errors.AsType[*pgconn.PgError](err); refused {
		err = nil
	}
	return errors.Join(err, rollback(ctx, conn))
}

// explain tells why the server has refused a step.
func (a *application) explain(ctx context.Context, s *Step, refused *pgconn.PgError) (Skipped, error) {
	if a.gaveWay {
		return Skipped{
			Table: s.Table, Part: s.Part, Reason: Locked, Published: s.table.listed,
			Why:  "its rows were read to be announced, which has given way to a statement that alters it",
			Mend: "wait until that is over; it is tried again",
		}, nil
	}
	if refused.Code == lockNotAvailable {
		return a.blocked(ctx, a.conn, s)
	}
	return Skipped{
		Table: s.Table, Part: s.Part, Reason: Refused, Published: s.table != nil && s.table.listed, // SQLSTATE and message hold no rows
		Why:  fmt.Sprintf("the server refuses to %s: %s (SQLSTATE %s)", s.Kind, refused.Message, refused.Code),
		Mend: "what the message names; it is tried again", SQL: nil,
	}, nil
}

// isPublished asks whether the publication lists a table by now.
func (a *application) isPublished(ctx context.Context, t Table) (is bool, err error) {
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
	return p.gone || slices.ContainsFunc(p.Skipped, func(s Skipped) bool { return s.Reason.Passes() })
}

// firstLine is what logs and errors tell of a statement.
func firstLine(sql string) string {
	line, _, _ := strings.Cut(sql, "\n")
	return line
}

// planTries is how often Prepare plans anew because tables have gone while it was at work.
const planTries = 5

// Prepare plans and applies in one go. It fails only where nothing could be streamed at all: without
// slot or publication. Processes that start at the same time must take turns.
func Prepare(ctx context.Context, conn *pgx.Conn, cfg Config, tables []Table, checkpoints Checkpoints,
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

// Relieve takes out of the publication what makes the CRM's own updates and deletes fail, and does nothing
// else: for a database that cannot be prepared otherwise.
func Relieve(ctx context.Context, conn *pgx.Conn, cfg Config, log *slog.Logger) error {
	p, err := planOf(ctx, conn, cfg, nil)
	if err != nil || p == nil {
		return err
	}
	p.Steps, p.Skipped = nil, nil
	for i := range p.found.tables {
		switch t := &p.found.tables[i]; {
		case !t.direct:
		case !t.usable(p.found.stored):
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

// TakeTurns calls f while no other process that prepares the database does so.
func TakeTurns(ctx context.Context, conn *pgx.Conn, f func() error) error {
	const lock = "hashtextextended('hookline', 0)"
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock("+lock+")"); err != nil {
		return fmt.Errorf("wait for other processes that prepare the database: %w", err)
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock("+lock+")") }()
	return f()
}
