package migrate

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
)

// runLimit is for all of Run: an index on many millions of deliveries takes its time.
const runLimit = 10 * time.Minute

// NewerError says that a schema has been used by a version of Hookline that knows more migrations.
type NewerError struct {
	Schema    string
	At, Known int // versions
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("schema %q is at version %d, and this version of Hookline knows %d",
		e.Schema, e.At, e.Known)
}

// Run brings a part up to date over a connection of its own, each migration in a transaction of its
// own, and calls done after each. Several processes may do so at once. The error is a *NewerError
// when this version of Hookline is too old.
func Run(ctx context.Context, config *pgx.ConnConfig, schema string, part Part,
	done func(m Migration),
) error {
	ctx, cancel := context.WithTimeoutCause(ctx, runLimit, fmt.Errorf("not done after %s", runLimit))
	defer cancel()
	delete(config.RuntimeParams, "lock_timeout") // others may take long, each its own time
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	// The lock ends with the session, and that with a process that is frozen.
	if _, err := conn.Exec(ctx, "SET idle_session_timeout = '20s'"); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx,
		"SELECT pg_advisory_lock(hashtextextended('hookline spool', 0))"); err != nil {
		return err
	}
	at, err := readState(ctx, conn, schema, part)
	if err != nil {
		return err
	}
	all := All(schema, part)
	if last, known := at.newest(part), all[len(all)-1].Version; last > known {
		return &NewerError{Schema: schema, At: last, Known: known}
	}
	pending, err := Pending(ctx, conn, schema, part)
	if err != nil {
		return err
	}
	for _, m := range pending {
		err := pgx.BeginFunc(ctx, conn, func(pgx.Tx) error { return pg.ExecDDL(ctx, conn, m.SQL) })
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
		done(m)
	}
	return nil
}
