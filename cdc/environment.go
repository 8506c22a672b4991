package cdc

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/internal/pg"
)

// A copy of a server's disk is the same system to Postgres, with the same slot, checkpoint and
// spool. Nothing that a server says of itself tells the copy reliably from an original that was
// moved. So the original can be given a name, which is kept in the database, and goes along with
// each copy; who reads a copy is told another one, or none.

const environmentTable = "environment"

// readEnvironment returns the name that was noted in the database, "" when none was. The table is
// there.
func readEnvironment(ctx context.Context, conn *pgconn.PgConn, cfg Config) (name string,
	err error,
) {
	results, err := conn.Exec(ctx, "SELECT to_json(name) FROM "+cfg.own(environmentTable).String()+
		" WHERE slot = "+pg.Literal(cfg.Slot)).ReadAll()
	if err == nil && len(results[0].Rows) > 0 {
		err = json.Unmarshal(results[0].Rows[0][0], &name)
	}
	if err != nil {
		return "", fmt.Errorf("look up which environment this is: %w", err)
	}
	return name, nil
}

// NoteEnvironment notes the configured name in the database. One that is there already stays.
func NoteEnvironment(ctx context.Context, conn *pgx.Conn, cfg Config) error {
	if cfg.Environment == "" {
		return nil
	}
	cfg = cfg.withDefaults()
	_, err := conn.Exec(ctx, "INSERT INTO "+cfg.own(environmentTable).String()+" (slot, name) "+
		"VALUES ($1, $2) ON CONFLICT DO NOTHING",
		cfg.Slot, cfg.Environment)
	if err != nil {
		return fmt.Errorf("note which environment this is: %w", err)
	}
	return nil
}

// ForgetEnvironment removes the name from the database.
func ForgetEnvironment(ctx context.Context, conn *pgx.Conn, cfg Config) error {
	if err := cfg.forgetNote(ctx, conn, environmentTable); err != nil {
		return fmt.Errorf("forget which environment this was: %w", err)
	}
	return nil
}

// checkEnvironment returns a Gap when the database has another name than the process was told.
func (s *system) checkEnvironment(cfg Config) error {
	if s.environment == "" || s.environment == cfg.Environment {
		return nil
	}
	told := "is not set"
	if cfg.Environment != "" {
		told = "is " + cfg.Environment
	}
	return &Gap{OtherEnvironment, Problem{
		What: fmt.Sprintf("this database is that of environment %s, or a copy of it, and "+
			"HOOKLINE_ENVIRONMENT %s", s.environment, told),
		Hint: strings.Join([]string{
			fmt.Sprintf("if it is that one: HOOKLINE_ENVIRONMENT=%s; or give it another name: UPDATE %s "+
				"SET name = '…' WHERE slot = %s;",
				s.environment, cfg.own(environmentTable), pg.Literal(cfg.Slot)),
			"if it is a copy: hookline setup --accept-gap --spool=discard, to announce its own changes " +
				"from now on",
		}, "\n"),
	}}
}
